import { textOf } from "./store-value.ts";

/** Reads a list from a text: a JSON array, whose entries become text or JSON, or else lines, without the empty ones. */
export function readList(text: string): readonly string[] {
  const entries = parseArray(text);
  return entries === undefined
    ? text
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line !== "")
    : entries.map(textOf);
}

function parseArray(text: string) {
  if (!text.trimStart().startsWith("[")) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
