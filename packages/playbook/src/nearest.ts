import { closest, distance } from "fastest-levenshtein";

/** Names the word of `known` that `word` was most likely meant to be, case aside; nothing when none is near. */
export function nearestOf(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const meant = word.toLowerCase();
  const words = known.map((candidate) => candidate.toLowerCase());
  const nearest = closest(meant, words);
  // Letters that only changed places count as two mistakes, and are one.
  const isNear = distance(meant, nearest) <= Math.max(1, meant.length / 3) || sorted(meant) === sorted(nearest);
  return isNear ? known[words.indexOf(nearest)] : undefined;
}

function sorted(word: string): string {
  return [...word].sort().join("");
}
