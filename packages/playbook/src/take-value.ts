import { playbookLimits } from "./limits.ts";
import { matchesPattern } from "./pattern.ts";
import type { PlaybookParameter } from "./schema/parameter.ts";

/** A parameter's value as text, or what is wrong with it; the value is not echoed. */
export type TakenValue = { readonly text: string } | { readonly problem: string };

/**
 * Reads what was given for a parameter by its type: texts of numbers and booleans count as such, a list becomes JSON. A number where a text is wanted is
 * its digits, where it is a whole one that JSON keeps exactly; of others digits may have been lost before anybody could see it.
 *
 * @param written the text it was written as, where that is known: a number whose digits are others is then no text either, such as 007.
 */
export function takeValue(parameter: PlaybookParameter, given: unknown, written?: string): TakenValue {
  if (parameter.type === "list") return takeList(parameter, given);
  if (typeof given !== "string" && typeof given !== "number" && typeof given !== "boolean") return { problem: "must be a string" };
  const text = String(given);
  const isRewritten = typeof given === "number" && written !== undefined && written !== text;
  if (isText(parameter) && (!isExact(given) || isRewritten)) return { problem: inexact };
  const problem = typeProblem(parameter, text) ?? entryProblem(parameter, text);
  return problem === undefined ? { text } : { problem };
}

function takeList(parameter: PlaybookParameter, given: unknown): TakenValue {
  const list = typeof given === "string" ? parseList(given) : given;
  if (!Array.isArray(list) || !list.every((entry) => typeof entry === "string" || typeof entry === "number"))
    return { problem: "must be a list of texts" };
  if (!list.every(isExact)) return { problem: `has an entry that ${inexact}` };
  const texts = list.map(String);
  const problem = texts.map((text) => entryProblem(parameter, text)).find((found) => found !== undefined);
  return problem === undefined ? { text: JSON.stringify(texts) } : { problem: `has an entry that ${problem}` };
}

const inexact = "must be a string: put the number in quotes, since its digits may not be kept as they are written";

function isText({ type }: PlaybookParameter): boolean {
  return type === "string" || type === "selector_text";
}

/** Whether a value's text is what was written. */
function isExact(given: unknown): boolean {
  return typeof given !== "number" || Number.isSafeInteger(given);
}

/** On a command line a list is JSON, or words between commas. */
function parseList(text: string): unknown {
  if (!text.trimStart().startsWith("[")) return text.split(",").map((word) => word.trim());
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function typeProblem({ type }: PlaybookParameter, text: string): string | undefined {
  if (type === "int" && !(/^-?\d{1,15}$/.test(text) && Number.isSafeInteger(Number(text)))) return "must be a whole number";
  if (type === "number" && !/^-?\d{1,15}(\.\d{1,15})?$/.test(text)) return "must be a number";
  if (type === "boolean" && text !== "true" && text !== "false") return "must be true or false";
  if (type === "selector_text" && /[\r\n\0]/.test(text)) return "must be one line";
  return undefined;
}

function entryProblem({ options, pattern }: PlaybookParameter, text: string): string | undefined {
  if (text.length > playbookLimits.textChars) return `must have at most ${playbookLimits.textChars} characters`;
  if (options !== undefined && !options.includes(text)) return `must be one of ${options.join(", ")}`;
  if (pattern === undefined) return undefined;
  if (text.length > playbookLimits.patternedValueChars) return `must have at most ${playbookLimits.patternedValueChars} characters`;
  return matchesPattern(pattern, text) ? undefined : `must match ${pattern}`;
}
