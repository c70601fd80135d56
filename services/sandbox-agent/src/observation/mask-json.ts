import type { Redact } from "@clew/playbook/redact";
import type { JsonValue } from "../actions/action.ts";

/** Masks every text, number and key of a value, whatever they are called: a page chose all of them. */
export function maskJson(value: JsonValue, redact: Redact): JsonValue {
  if (typeof value === "string") return redact(value);
  if (typeof value === "number") return redact(String(value)) === String(value) ? value : redact(String(value));
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map((entry) => maskJson(entry, redact));
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [redact(name), maskJson(entry, redact)]));
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
