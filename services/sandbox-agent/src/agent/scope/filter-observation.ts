import { injectionPatterns, markLike } from "./injection-patterns.ts";
import { skeletonOf, withoutInvisible } from "./skeleton.ts";

/** What stands in the place of a line that speaks to the agent. */
export const redactedLine = "[left out: this text of the page speaks to the agent]";

/** What stands in the place of what looks like a mark of ours. */
export const brokenMark = "(a mark of the page's own)";

/** How many characters nobody sees a text may have without that being told: soft hyphens and joiners are usual. */
const usualInvisible = 8;

/** A text of a page, as a model may see it. */
export interface FilteredText {
  readonly text: string;
  /** The names of what was found and redacted; each once. */
  readonly found: readonly string[];
}

/**
 * Redacts what a text of a page says to an agent, line by line; breaks what looks like a mark of ours; leaves out what nobody sees. What is found is
 * looked for in what the text looks like, so that neither letters of other scripts nor unseen ones hide it.
 */
export function filterText(text: string): FilteredText {
  const found = new Set<string>();
  const lines = text.split("\n").map((line) => filterLine(line, found));
  return { text: lines.join("\n"), found: [...found] };
}

/**
 * Filters what was observed of a page and marks it as a page's. The nonce is made anew for every call, of 64 random bits at least, so that no page can
 * know it before.
 */
export function filterObservation(text: string, nonce: string): FilteredText {
  const { text: filtered, found } = filterText(text);
  const unmarked = filtered.replaceAll(nonce, brokenMark);
  return { text: markUntrusted(unmarked, nonce), found };
}

/** Puts marks around a text of a page; whatever stands between them is data. The text is filtered already. */
export function markUntrusted(text: string, nonce: string): string {
  return `[web-content ${nonce}]\n${text}\n[end of web-content ${nonce}]`;
}

function filterLine(line: string, found: Set<string>): string {
  if (line === "") return line;
  const { text, places, invisible } = skeletonOf(line);
  if (invisible > usualInvisible) found.add("invisible_characters");
  let isInjected = false;
  for (const [name, pattern] of Object.entries(injectionPatterns)) {
    pattern.lastIndex = 0;
    if (!pattern.test(text)) continue;
    found.add(name);
    isInjected = true;
  }
  if (isInjected) return redactedLine;
  const broken = breakMarks(line, text, places);
  if (broken !== line) found.add("forged_mark");
  return withoutInvisible(broken);
}

function breakMarks(line: string, text: string, places: readonly number[]): string {
  let kept = "";
  let from = 0;
  for (const match of text.matchAll(markLike)) {
    const start = places[match.index] ?? 0;
    const end = places[match.index + match[0].length] ?? line.length;
    kept += line.slice(from, start) + brokenMark;
    from = end;
  }
  return kept + line.slice(from);
}
