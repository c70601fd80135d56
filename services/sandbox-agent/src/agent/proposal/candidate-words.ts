import type { WrittenCandidate } from "./semantic-candidate.ts";

/** What an element is called by the words it is found by; empty where there are none. */
export function wordsOfCandidate(candidate: WrittenCandidate | undefined): string {
  const words = candidate?.name ?? candidate?.placeholder ?? candidate?.text;
  return typeof words === "string" ? words : "";
}
