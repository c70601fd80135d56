import { createHash } from "node:crypto";

/** The longest position list, in characters. */
export const maxListLength = 4_096;

/** Stands in a list in place of the token of a run of which nothing is left, once its reader was told. */
export const goneMark = "~";

/** What a reader of many runs gave: the token of each, or why it is none. */
export type ParsedList = { readonly kind: "tokens"; readonly tokens: readonly string[] } | { readonly kind: "otherRuns" | "malformed" };

/** Where a reader of many runs stands, written as one token that counts for these runs only. */
export interface PositionList {
  /** Writes the token of each run, in the runs' order. */
  format(tokens: Iterable<string>): string;
  /** Reads what was written, for whichever runs. */
  parse(text: string): ParsedList;
}

/** Makes the position list of some runs, sorted. */
export function positionListOf(runs: readonly string[]): PositionList {
  const mark = createHash("sha256").update(runs.join()).digest("base64url").slice(0, 8);
  return {
    format: (tokens) => `m1.${mark}:${[...tokens].join()}`,
    parse(text) {
      const [, given, list = ""] = /^m1\.([\w-]{8}):([\w.~,-]*)$/.exec(text) ?? [];
      if (text.length > maxListLength || given === undefined) return { kind: "malformed" };
      if (given !== mark) return { kind: "otherRuns" };
      const tokens = list.split(",");
      const isWhole = tokens.length === runs.length && tokens.every((token) => token !== "" && token.length <= 256);
      return isWhole ? { kind: "tokens", tokens } : { kind: "malformed" };
    },
  };
}
