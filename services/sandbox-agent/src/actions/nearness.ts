import type { Candidate } from "@clew/playbook/schema/candidate";
import type { SeenElement } from "./name-elements.ts";

/** Says how near an element comes to what a candidate looks for, from 0, not at all, to 2, by its words and its role. */
export function nearness(candidate: Candidate, { role, label, state }: SeenElement): number {
  const isRole = candidate.by === "role" && candidate.value === role;
  const wanted = wordsIn(wantedText(candidate));
  const words = wordsIn(label);
  const shared = [...wanted].filter((word) => words.has(word)).length;
  const likeness = shared / Math.max(1, wanted.size, words.size);
  const byRole = isRole ? (shared > 0 ? 0.5 : 0.2) : 0;
  return likeness + byRole - (state === "hidden" && likeness + byRole > 0 ? 0.1 : 0);
}

/** What of a candidate could stand in a label: a name, a text, or the words of a selector. */
function wantedText({ by, value, name, has_text: text }: Candidate): string {
  const own = by === "role" ? "" : by === "css" || by === "xpath" || by === "selector" ? value.replace(/([a-z])([A-Z])/g, "$1 $2") : value;
  return [name, text, own].filter((part) => part !== undefined).join(" ");
}

function wordsIn(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? []);
}
