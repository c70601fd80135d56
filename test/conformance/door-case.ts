import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { codes } from "@clew/fault/code";
import { parse } from "yaml";
import { z } from "zod";
import { doorNames, methodNames } from "../support/told.ts";

/** The runs that cases speak of; `queued` is a new one for each door. */
const runName = z.enum(["finished", "stopped", "damaged", "queued"]);

/** A place in a run's events: a sequence, or the last. */
const place = z.union([z.int().min(0), z.literal("last")]);

/** Where a reader says he is. */
const after = z.union([
  z.string(),
  z.strictObject({
    tokenOf: place,
    /** Of another run than the one that is asked for. */
    of: runName.optional(),
    /** Changed in one place: its chain, or its epoch, as a token of another history would be. */
    forged: z.enum(["chain", "epoch"]).optional(),
    /** As it was given before the journal was damaged. */
    before: z.literal("damage").optional(),
  }),
]);

const refusal = z.strictObject({
  code: z.enum(Object.keys(codes)),
  reason: z.string(),
  /** Names that must be in the details. */
  details: z.array(z.string()).default([]),
  /** The fields that are wrong, in order. */
  fields: z.array(z.string()).default([]),
});

const range = z.string().regex(/^(all|none|\d+\.\.(\d+|last))$/, "must be all, none, or a range such as 8..last");

const following = z.union([
  z.strictObject({
    /** The sequences delivered. */
    events: range.optional(),
    /** The types delivered, in order. */
    types: z.array(z.string()).optional(),
    /** The reason of the reset that comes first. */
    reset: z.string().optional(),
    /** Whether the reader is told that this is all. */
    ends: z.boolean(),
  }),
  z.strictObject({ refused: refusal }),
  z.strictObject({ nothing: z.literal(true) }),
]);

const answering = z.union([
  /** What the answer holds, perhaps among more. */
  z.strictObject({ answer: z.record(z.string(), z.unknown()) }),
  z.strictObject({ refused: refusal }),
]);

const head = {
  /** What is so, as a sentence's end: "the gRPC door …". */
  case: z.string(),
  /** The rule of PROTOCOL.md. */
  rule: z.string().regex(/^\d+\.\d+$/),
  /** Who asks: the key's owner unless given. */
  as: z.enum(["owner", "stranger", "forger", "nobody"]).default("owner"),
};

const atDoors = <S extends z.ZodType>(expectation: S) => z.partialRecord(z.enum(doorNames), expectation).default({});

const followCase = z.strictObject({
  ...head,
  follow: z.strictObject({
    run: runName,
    after: after.optional(),
    types: z.array(z.string()).optional(),
    /** Done to the run once the reader was told anything. */
    meanwhile: z.literal("stop").optional(),
  }),
  doors: z.array(z.enum(doorNames)).default([...doorNames]),
  expect: following,
  /** Where a door says it in its own way. */
  at: atDoors(following),
});

const callCase = z.strictObject({
  ...head,
  call: z.enum(methodNames),
  /** The request; `$finished` and so on stand for the ids of runs. */
  with: z.record(z.string(), z.unknown()).default({}),
  doors: z.array(z.enum(doorNames).exclude(["sse"])).default(["grpc", "connect", "grpc-web", "rest"]),
  expect: answering,
  at: atDoors(answering),
});

/** A case of following a run. */
export type FollowCase = z.output<typeof followCase>;
/** A case of one call. */
export type CallCase = z.output<typeof callCase>;
/** Where a reader says he is. */
export type After = z.output<typeof after>;
/** What following comes to. */
export type Following = z.output<typeof following>;
/** A run that cases speak of. */
export type RunName = z.output<typeof runName>;

/** Reads all cases, by file. @throws Error naming file and case for one that is malformed, or that no door executes. */
export function readCases(): ReadonlyMap<string, readonly (FollowCase | CallCase)[]> {
  return new Map(
    globSync("test/conformance/cases/*.yaml").map((file) => [basename(file, ".yaml"), parseCases(file, readFileSync(file, "utf8"))]),
  );
}

/** Reads the cases of one file's text. @throws Error as readCases. */
export function parseCases(file: string, text: string): readonly (FollowCase | CallCase)[] {
  const entries = z.array(z.record(z.string(), z.unknown())).parse(parse(text));
  return entries.map((entry) => {
    const result = ("follow" in entry ? followCase : callCase).safeParse(entry);
    const name = `${file}: ${String(entry["case"])}`;
    if (!result.success) throw new Error(`${name}: ${z.prettifyError(result.error)}`);
    const { doors, at } = result.data;
    if (doors.length === 0) throw new Error(`${name}: no door executes it`);
    const unused = Object.keys(at).filter((door) => !doors.some((own) => own === door));
    if (unused.length > 0) throw new Error(`${name}: says something of ${unused.join(", ")}, where it is not executed`);
    return result.data;
  });
}
