import { z } from "zod";
import { type Candidate, candidateSchema } from "./candidate.ts";
import { sentence } from "./texts.ts";

/** How to find one element: the first of `primary` and `fallbacks` that shows. */
export interface PlaybookSelector {
  readonly primary: Candidate;
  readonly fallbacks: readonly Candidate[];
  /** What to call the element; empty where nothing was said. */
  readonly description: string;
}

/** A selector as an author writes it; a text or a single candidate stands for `{ primary }`. */
export const selectorSchema: z.ZodType<PlaybookSelector> = z.preprocess(
  (value) => (value === undefined || isChain(value) ? value : { primary: value }),
  z.strictObject({
    primary: candidateSchema,
    fallbacks: z.array(candidateSchema).max(10).default([]),
    description: sentence.default(""),
  }),
);

function isChain(value: unknown): boolean {
  return typeof value === "object" && value !== null && ("primary" in value || "fallbacks" in value);
}
