import type { Violation } from "@clew/fault/fault";
import { closest, distance } from "fastest-levenshtein";

/** Says that a name is not known, and which known one is nearest. */
export function unknownName(field: string, name: string, known: readonly string[], kind: "field" | "query parameter"): Violation {
  const message = known.length === 0 ? `is not known; there is no ${kind} here` : `is not known; ${proposal(name, known)}`;
  return { field: shown(field), rule: "unknown", message };
}

function proposal(name: string, known: readonly string[]): string {
  const nearest = closest(name, known);
  if (distance(name, nearest) <= Math.max(2, name.length / 3)) return `did you mean ${nearest}?`;
  const begun = known.filter((one) => name.length >= 3 && one.toLowerCase().startsWith(name.toLowerCase()));
  if (begun.length > 0) return `did you mean ${begun.join(" or ")}?`;
  return `known are ${known.join(", ")}`;
}

/** A caller's own name as it may be shown: short, and of printable characters only. */
export function shown(name: string): string {
  const printable = name.replaceAll(/[^\x20-\x7e]/g, "?");
  return printable.length > 100 ? `${printable.slice(0, 100)}…` : printable;
}
