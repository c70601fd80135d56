import { isObject } from "./json-object.ts";

/** What differs from run to run though nothing else does: nonces, and the ids of things. */
const random = /\b(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=[a-f]*[0-9])[0-9a-f]{16,})\b/gi;

/** A request of a model with what is random in it told apart by its place only, and its fields in one order. */
export function normalizeRequest(body: unknown): unknown {
  const seen = new Map<string, string>();
  const place = (text: string) => {
    const known = seen.get(text) ?? `<#${seen.size + 1}>`;
    seen.set(text, known);
    return known;
  };
  const normalize = (value: unknown): unknown => {
    if (typeof value === "string") return value.replace(random, place);
    if (Array.isArray(value)) return value.map(normalize);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((name) => [name, normalize(value[name])]),
    );
  };
  return normalize(body);
}
