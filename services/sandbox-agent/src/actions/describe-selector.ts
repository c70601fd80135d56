import type { PlaybookSelector } from "@clew/playbook/playbook-schema";
import type { Redact } from "@clew/playbook/redact";
import { type Candidate, describeCandidate } from "@clew/playbook/schema/candidate";
import { cut } from "./cut.ts";

/** The most characters of a candidate that messages show. */
const candidateChars = 80;

/** A candidate as messages show it. */
export function shortCandidate(candidate: Candidate, redact: Redact): string {
  const frames = candidate.frame.length === 0 ? "" : ` in frame ${candidate.frame.join(" > ")}`;
  return cut(redact(describeCandidate(candidate) + frames), candidateChars);
}

/** All candidates of a selector, the primary first. */
export function candidatesOf({ primary, fallbacks }: PlaybookSelector): readonly Candidate[] {
  return [primary, ...fallbacks];
}

/** What was looked for, in words: all that was tried, and what the author calls it. */
export function triedWords(selector: PlaybookSelector, redact: Redact): string {
  const tried = candidatesOf(selector)
    .map((candidate) => `'${shortCandidate(candidate, redact)}'`)
    .join(", ");
  return selector.description === "" ? `tried ${tried}` : `tried ${tried} (${redact(selector.description)})`;
}
