import type { Violation } from "@clew/fault/fault";
import { closest } from "fastest-levenshtein";

/** Says that a name is not known, and which known one is nearest. */
export function unknownName(field: string, name: string, known: readonly string[], kind: "field" | "query parameter"): Violation {
  const message = known.length === 0 ? `is not known; there is no ${kind} here` : `is not known; did you mean ${closest(name, known)}?`;
  return { field: shown(field), rule: "unknown", message };
}

/** A caller's own name as it may be shown: short, and of printable characters only. */
export function shown(name: string): string {
  const printable = name.replaceAll(/[^\x20-\x7e]/g, "?");
  return printable.length > 100 ? `${printable.slice(0, 100)}…` : printable;
}
