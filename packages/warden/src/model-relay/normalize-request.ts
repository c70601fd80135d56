import { isObject } from "./json-object.ts";

/** What stands for bytes: a picture is never the same twice. */
const bytes = "<bytes>";
const isBytes = (text: string) => text.length >= 512 && /^(data:[^,]{1,100},)?[A-Za-z0-9+/_-]+={0,2}$/.test(text);

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
    if (typeof value === "string") return isBytes(value) ? bytes : value.replace(random, place);
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

/** About how many tokens a normalized request is of: four characters each, and what a picture usually takes. */
export function estimateTokens(normalized: unknown): number {
  const text = JSON.stringify(normalized);
  return Math.ceil(text.length / 4) + 1_600 * (text.split(bytes).length - 1);
}
