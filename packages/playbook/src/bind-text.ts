import { type Bound, unfit } from "./bound.ts";
import { splitTemplate } from "./placeholder.ts";

/** Values by name. */
export type Values = ReadonlyMap<string, string>;

/** Puts values into a plain text, as they are, once: braces in a value are not placeholders. */
export function bindText(template: string, values: Values): Bound {
  let bound = "";
  for (const part of splitTemplate(template)) {
    const value = "name" in part ? values.get(part.name) : part.text;
    if (value === undefined) return unfit("name" in part ? part.name : "", "is missing");
    bound += value;
  }
  return { text: bound };
}
