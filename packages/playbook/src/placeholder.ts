/** A piece of a template: text as it stands, or the name of a value to put there. */
export type TemplatePart = { readonly text: string } | { readonly name: string };

const token = /\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Cuts a template at its `{name}` placeholders. `{{` and `}}` stand for single braces; other braces stay as they are. */
export function splitTemplate(template: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let text = "";
  let end = 0;
  for (const match of template.matchAll(token)) {
    text += template.slice(end, match.index);
    end = match.index + match[0].length;
    const name = match[1];
    if (name === undefined) {
      text += match[0].slice(1);
      continue;
    }
    if (text !== "") parts.push({ text });
    text = "";
    parts.push({ name });
  }
  text += template.slice(end);
  if (text !== "") parts.push({ text });
  return parts;
}

/** The names a template asks for, each once, in order. */
export function namesIn(template: string): readonly string[] {
  return [...new Set(splitTemplate(template).flatMap((part) => ("name" in part ? [part.name] : [])))];
}

/** Writes a text as a template that stands for just that text. */
export function literal(text: string): string {
  return text.replaceAll("{", "{{").replaceAll("}", "}}");
}
