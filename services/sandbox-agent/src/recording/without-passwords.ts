const fields = /<input(?=[\s/>])/gi;

/** One attribute of a tag, as browsers read it; a quote that nothing closes is taken as part of the value. */
const attribute = /[\s/=]*([^\s=>/]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>]*))?/y;

/** Where something stands in a text. */
interface Place {
  readonly from: number;
  readonly to: number;
}

/** Markup without what its password fields hold. Reads it once from left to right, however it was written. */
export function withoutPasswords(markup: string): string {
  let masked = "";
  let taken = 0;
  fields.lastIndex = 0;
  while (fields.test(markup)) {
    const { isPassword, values, end } = readField(markup, fields.lastIndex);
    fields.lastIndex = end;
    for (const { from, to } of isPassword ? values : []) {
      masked += `${markup.slice(taken, from)}"[redacted]"`;
      taken = to;
    }
  }
  return masked + markup.slice(taken);
}

function readField(
  markup: string,
  start: number,
): { readonly isPassword: boolean; readonly values: readonly Place[]; readonly end: number } {
  const values: Place[] = [];
  let isPassword = false;
  let end = start;
  attribute.lastIndex = start;
  for (let found = attribute.exec(markup); found !== null; found = attribute.exec(markup)) {
    end = attribute.lastIndex;
    const [, name = "", value] = found;
    if (value === undefined) continue;
    if (/^type$/i.test(name)) isPassword ||= /^["']?\s*password\b/i.test(value);
    if (/^value$/i.test(name)) values.push({ from: end - value.length, to: end });
  }
  return { isPassword, values, end };
}
