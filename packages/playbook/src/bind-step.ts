import { bindSelector } from "./bind-selector.ts";
import { bindText, type Values } from "./bind-text.ts";
import { bindUrl } from "./bind-url.ts";
import type { Bound } from "./bound.ts";
import { mapTemplates, type TemplateContext } from "./map-templates.ts";
import { namesIn } from "./placeholder.ts";

/** A field whose value cannot stand where its placeholder does. */
export interface BindingProblem {
  /** The field, as a path within the step. */
  readonly field: string;
  readonly message: string;
}

/** A step, or another part of a playbook, with its values in place, or all that stands in the way. */
export type BoundStep<S> = { readonly step: S } | { readonly problems: readonly BindingProblem[] };

type Bind = (template: string, values: Values) => Bound;

const binders: Readonly<Record<TemplateContext, Bind>> = {
  selector: bindSelector,
  css: inLanguage("css="),
  xpath: inLanguage("xpath="),
  role: bindSelector,
  url: bindUrl,
  text: bindText,
  "sought url": notBlank(bindUrl),
  sought: notBlank(bindText),
};

/** A selector whose language is known without being written. */
function inLanguage(prefix: string): Bind {
  return (template, values) => {
    const bound = bindSelector(`${prefix}${template}`, values);
    return "text" in bound ? { text: bound.text.slice(prefix.length) } : bound;
  };
}

/** A blank text is found everywhere, and so tells nothing. */
function notBlank(bind: Bind): Bind {
  return (template, values) => {
    const bound = bind(template, values);
    return "text" in bound && bound.text.trim() === "" ? { problem: "would be blank, and is to be looked for" } : bound;
  };
}

/**
 * Puts values into a step, or into another part of a playbook, escaped for where each stands and never expanded again. Fields that ask for a name in
 * `later` stay as they are, and so do the steps within a step.
 */
export function bindStep<S>(step: S, values: Values, later: ReadonlySet<string> = new Set()): BoundStep<S> {
  const problems: BindingProblem[] = [];
  const bound = mapTemplates(step, (template, context, field) => {
    if (namesIn(template).some((name) => later.has(name))) return template;
    const result = binders[context](template, values);
    if ("text" in result) return result.text;
    problems.push({ field, message: result.problem });
    return template;
  });
  return problems.length > 0 ? { problems } : { step: bound };
}
