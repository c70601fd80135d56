import { nearestOf } from "../nearest.ts";
import type { CodeMistake } from "./code-mistake.ts";

/** All that browsers know: XPath 1.0, section 4, and the tests of nodes in 2.3. */
const functions = [
  ...["last", "position", "count", "id", "local-name", "namespace-uri", "name", "string", "concat", "starts-with", "contains"],
  ...["substring-before", "substring-after", "substring", "string-length", "normalize-space", "translate", "boolean", "not", "true"],
  ...["false", "lang", "number", "sum", "floor", "ceiling", "round", "text", "node", "comment", "processing-instruction"],
];

/** Words before a bracket that are no functions. */
const operators: ReadonlySet<string> = new Set(["and", "or", "div", "mod"]);

/** Those of later versions of XPath that people write, and what to say instead. */
const later: ReadonlyMap<string, string> = new Map([
  ["lower-case", "translate(…, 'ABC…', 'abc…')"],
  ["upper-case", "translate(…, 'abc…', 'ABC…')"],
  ["ends-with", 'css with [name$="…"]'],
  ["matches", "contains(…) or starts-with(…)"],
]);

/** A name before a bracket, where a name may begin. */
const called = /(?<![\w:.$@-])([A-Za-z_][\w.-]*)\s*\(/y;

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
    called.lastIndex = at;
    const name = called.exec(xpath)?.[1];
    if (name !== undefined && !operators.has(name) && !functions.includes(name)) return mistake(unknownFunction(name), at);
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

function unknownFunction(name: string): string {
  const instead = later.get(name);
  if (instead !== undefined) return `browsers know no ${name}(); say ${instead}`;
  const nearest = nearestOf(name, functions);
  return `browsers know no ${name}()${nearest === undefined ? "" : `; did you mean ${nearest}()?`}`;
}
