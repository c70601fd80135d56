import { literal } from "@clew/playbook/placeholder";

/** A value that a playbook takes as a parameter. */
export interface KnownValue {
  readonly name: string;
  readonly value: string;
}

const leastChars = 2;
const mostValues = 20;

/** Writes a text as a template, with parameters where it holds their values. */
export function toTemplate(text: string, values: readonly KnownValue[]): string {
  const [first, ...rest] = values
    .filter(({ value }) => value.length >= leastChars)
    .toSorted((one, other) => other.value.length - one.value.length);
  if (first === undefined) return literal(text);
  return text
    .split(first.value)
    .map((part) => toTemplate(part, rest))
    .join(`{${first.name}}`);
}

/** Writes every text in a value as a template. */
export function toTemplates(value: unknown, values: readonly KnownValue[]): unknown {
  if (typeof value === "string") return toTemplate(value, values);
  if (Array.isArray(value)) return value.map((entry) => toTemplates(entry, values));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toTemplates(entry, values)]));
}

/** What was typed into which field. */
export interface TypedText {
  readonly field: string;
  readonly text: string;
}

/**
 * Finds what of a directive is a value that another time would be another: what was given by name, what was typed, and what it quotes or what has digits, each
 * named by the words before it.
 */
export function valuesOf(directive: string, given: Readonly<Record<string, unknown>>, typed: readonly TypedText[]): readonly KnownValue[] {
  const values: KnownValue[] = [];
  const add = (name: string, value: string) => {
    if (value.length < leastChars || value.length > 500 || values.some((known) => known.value === value) || values.length >= mostValues)
      return;
    const plain = nameOf(name);
    const taken = values.filter((known) => known.name.replace(/_\d+$/, "") === plain).length;
    values.push({ name: taken === 0 ? plain : `${plain}_${taken + 1}`, value });
  };
  for (const [name, value] of Object.entries(given)) if (typeof value === "string" || typeof value === "number") add(name, String(value));
  const task = directive.replace(/https?:\/\/\S+/g, " ");
  for (const [, before = "", quoted = ""] of task.matchAll(/(\p{L}+)?[\s:]*["'“‘]([^"'”’]{2,100})["'”’]/gu)) add(before, quoted);
  for (const [, before = "", , code = ""] of task.matchAll(/(?:(\p{L}+)\s+)?(#?)((?=[\w-]*\d)[\w-]{2,60}(?:[.,]\d+)?)/gu))
    add(before, code);
  for (const { field, text } of typed) add(field, text);
  return values;
}

function nameOf(words: string): string {
  const name = words
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[_0-9]+|_+$/g, "")
    .slice(0, 40);
  return name === "" ? "value" : name;
}
