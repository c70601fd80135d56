import { z } from "zod";
import { playbookLimits as limits } from "../limits.ts";
import { namesIn } from "../placeholder.ts";
import { roleSchema } from "./role.ts";

const part = z.string().min(1).max(limits.selectorChars);

/** The ways to look for an element; the first is Playwright's own selector language. */
export const ways = ["selector", "role", "label", "placeholder", "test_id", "text", "alt_text", "title", "css", "xpath"] as const;

/** One way to look for an element. */
export type Way = (typeof ways)[number];

/** One candidate for an element: a way to look, and where. */
export interface Candidate {
  readonly by: Way;
  /** What to look for: a selector, a role, a label's text, … */
  readonly value: string;
  /** The accessible name, where `by` is `role`. */
  readonly name?: string | undefined;
  /** Whether names and texts must be equal, instead of being contained whatever their case; unless given, where they hold a placeholder. */
  readonly exact: boolean;
  /** A text that the element must hold. */
  readonly has_text?: string | undefined;
  /** Whether that text must stand in whole words: where it holds a placeholder, since order 123 is not order 1234. */
  readonly whole_words: boolean;
  /** The element it is looked for in. */
  readonly within?: Candidate | undefined;
  /** Selectors of the frames it is in, the outermost first. */
  readonly frame: readonly string[];
}

/** A candidate as an author writes it: a selector, or a mapping with exactly one of the ways. */
export const candidateSchema: z.ZodType<Candidate> = z.lazy(() =>
  z
    .preprocess((value) => (typeof value === "string" ? { selector: value } : value), writtenSchema)
    .transform(({ name, exact, has_text, within, frame, ...given }): Candidate => {
      const [by = "selector", value = ""] = ways.flatMap((way) => (given[way] === undefined ? [] : [way, given[way]])) as [Way, string];
      const optional = { ...(name !== undefined && { name }), ...(has_text !== undefined && { has_text }), ...(within && { within }) };
      // A value that is contained in another must not find that one.
      const isExact = exact ?? namesIn(`${value} ${name ?? ""}`).length > 0;
      return { by, value, exact: isExact, whole_words: namesIn(has_text ?? "").length > 0, frame, ...optional };
    }),
);

const writtenSchema = z
  .strictObject({
    selector: part.optional(),
    role: roleSchema.optional(),
    label: part.optional(),
    placeholder: part.optional(),
    test_id: part.optional(),
    text: part.optional(),
    alt_text: part.optional(),
    title: part.optional(),
    css: part.optional(),
    xpath: part.optional(),
    name: part.optional(),
    exact: z.boolean().optional(),
    has_text: part.optional(),
    within: candidateSchema.optional(),
    frame: z.preprocess((value) => (typeof value === "string" ? [value] : value), z.array(part).max(5)).default([]),
  })
  .refine((given) => ways.filter((way) => given[way] !== undefined).length === 1, `must have exactly one of ${ways.join(", ")}`)
  .refine((given) => given.name === undefined || given.role !== undefined, "must have a role where it has a name");

/** Says a candidate in a few words, such as `button 'Save'`, or its selector. */
export function describeCandidate({ by, value, name, within }: Candidate): string {
  const inside = within === undefined ? "" : ` in ${describeCandidate(within)}`;
  if (by === "role") return `${value}${name === undefined ? "" : ` '${name}'`}${inside}`;
  if (by === "selector" || by === "css" || by === "xpath") return `${value}${inside}`;
  return `${by.replace("_", " ")} '${value}'${inside}`;
}
