import type { CodeMistake } from "./code-mistake.ts";

const closers: ReadonlyMap<string, string> = new Map([
  ["(", ")"],
  ["[", "]"],
]);

/** Operators of other languages, and what XPath says. */
const foreign: ReadonlyMap<string, string> = new Map([
  ["==", "="],
  ["&&", "and"],
  ["||", "or"],
]);

/** Says why no browser reads a text as XPath; undefined where that is not sure. */
export function xpathMistake(xpath: string): CodeMistake | undefined {
  const mistake = (message: string, at: number): CodeMistake => ({ message: `is no XPath: ${message}`, at });
  const trimmed = xpath.trimEnd();
  if (trimmed === "") return mistake("it is empty", 0);
  const open: { readonly sign: string; readonly at: number }[] = [];
  for (let at = 0; at < xpath.length; at++) {
    const char = xpath.charAt(at);
    if (char === '"' || char === "'") {
      const end = xpath.indexOf(char, at + 1);
      if (end < 0) return mistake("its quote is never closed", at);
      at = end;
      continue;
    }
    const instead = foreign.get(xpath.slice(at, at + 2));
    if (instead !== undefined) return mistake(`${xpath.slice(at, at + 2)} is not known; say ${instead}`, at);
    if (closers.has(char)) open.push({ sign: char, at });
    if (char !== ")" && char !== "]") continue;
    const last = open.pop();
    if (last === undefined || closers.get(last.sign) !== char) return mistake(`${char} closes nothing`, at);
    if (char === "]" && xpath.slice(last.at + 1, at).trim() === "") return mistake("[ ] holds nothing", last.at);
  }
  const left = open.at(-1);
  if (left !== undefined) return mistake(`its ${left.sign} is never closed`, left.at);
  if (trimmed.endsWith("/") && trimmed !== "/") return mistake("something is missing at its end", trimmed.length);
  return undefined;
}
