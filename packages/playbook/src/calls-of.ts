import { formatPath } from "./problem.ts";
import type { SourcePosition, SourcePositions } from "./source-position.ts";

/** A call of another playbook, as its author wrote it. */
export interface WrittenCall extends SourcePosition {
  /** The id of the playbook that is called. */
  readonly id: string;
  /** Where, as a path such as `steps[2].call`. */
  readonly field: string;
  /** The parameters it gives, as they are written; undefined where they cannot be read. */
  readonly given: Readonly<Record<string, unknown>> | undefined;
  /** The names of what it takes over of what the other stores. */
  readonly taken: readonly string[];
}

/** Lists of steps, by what holds them. */
const lists = ["steps", "then", "else"] as const;

/** Finds the calls of a playbook's content, in the order they are written, also where the rest of it is not valid: what stands in no list of steps is none. */
export function callsOf(content: unknown, positions: Pick<SourcePositions, "ofValue">): readonly WrittenCall[] {
  return [...callsIn(content, [], positions)];
}

function* callsIn(holder: unknown, path: readonly PropertyKey[], positions: Pick<SourcePositions, "ofValue">): Generator<WrittenCall> {
  for (const list of lists) {
    const steps = isRecord(holder) ? holder[list] : undefined;
    if (!Array.isArray(steps)) continue;
    for (const [index, step] of steps.entries()) {
      const place = [...path, list, index];
      if (isRecord(step) && typeof step.call === "string") {
        const params = step.params ?? {};
        const field = [...place, "call"];
        yield {
          id: step.call,
          field: formatPath(field),
          given: isRecord(params) ? params : undefined,
          taken: isRecord(step.outputs) ? Object.values(step.outputs).filter((name) => typeof name === "string") : [],
          ...positions.ofValue(field),
        };
      }
      yield* callsIn(step, place, positions);
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
