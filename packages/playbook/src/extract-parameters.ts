import type { PlaybookParameter } from "./schema/parameter.ts";

/** A pattern is tried on this many characters from each place on: no value it fits is longer by much. */
const windowChars = 128;

/**
 * Finds values for a playbook's parameters in a directive: what the parameter's pattern matches (its first group, where it has one), what stands after
 * its name (`order id: 12345`, `order_id=12345`), and for the only number that is wanted the first one of at least three digits. A parameter called
 * `directive` is the whole of it. Secrets are never looked for. What is not found is left out.
 */
export function extractParameters(directive: string, parameters: readonly PlaybookParameter[]): Record<string, string> {
  const wanted = parameters.filter(({ secret }) => !secret);
  const found = new Map<string, string>();
  for (const parameter of wanted) {
    const value = parameter.name === "directive" ? directive : (byPattern(directive, parameter) ?? byName(directive, parameter));
    if (value !== undefined) found.set(parameter.name, value);
  }
  const numbers = wanted.filter(({ name, type, pattern }) => type === "int" && pattern === undefined && !found.has(name));
  const [number, ...others] = numbers;
  const taken = new Set(found.values());
  const digits = [...directive.matchAll(/\d{3,}/g)].map(([text]) => text).find((text) => !taken.has(text));
  // With two of them it would be a guess which is which.
  if (number !== undefined && others.length === 0 && digits !== undefined) found.set(number.name, digits);
  return Object.fromEntries(found);
}

function byPattern(directive: string, { pattern }: PlaybookParameter): string | undefined {
  if (pattern === undefined) return undefined;
  const expression = new RegExp(pattern, "uy");
  for (let start = 0; start < directive.length; start++) {
    expression.lastIndex = 0;
    const match = expression.exec(directive.slice(start, start + windowChars));
    if (match !== null && match[0] !== "") return match[1] ?? match[0];
  }
  return undefined;
}

function byName(directive: string, { name, pattern }: PlaybookParameter): string | undefined {
  if (pattern !== undefined) return undefined;
  const words = name.split("_").map((word) => RegExp.escape(word));
  const expression = new RegExp(`(?<![\\p{L}\\p{N}_])${words.join("[ _-]")}\\s*[=:]\\s*(?:"([^"]+)"|'([^']+)'|(\\S+))`, "iu");
  const match = expression.exec(directive);
  return match?.[1] ?? match?.[2] ?? match?.[3]?.replace(/[.,;!?)]+$/, "");
}
