import { type PlaybookStep, stepSchema } from "./schema/step.ts";

/** A step, and where it stands in its playbook. */
export interface PlacedStep {
  readonly step: PlaybookStep;
  readonly path: readonly PropertyKey[];
  /** How many steps it stands within. */
  readonly depth: number;
}

/** Goes through steps and the steps within them, in the order they are written. The actions of a sequence are not steps. */
export function* walkSteps(steps: readonly PlaybookStep[], path: readonly PropertyKey[] = ["steps"], depth = 0): Generator<PlacedStep> {
  for (const [index, step] of steps.entries()) {
    const place = [...path, index];
    yield { step, path: place, depth };
    if (step.action === "if") {
      yield* walkSteps(step.then, [...place, "then"], depth + 1);
      yield* walkSteps(step.else, [...place, "else"], depth + 1);
    }
    if (step.action === "for_each") yield* walkSteps(step.steps, [...place, "steps"], depth + 1);
  }
}

/** Goes through those of some steps that are not under an `if`, which may be there to ask whether they can be done. */
export function* walkSureSteps(steps: readonly PlaybookStep[]): Generator<PlacedStep> {
  for (const placed of walkSteps(steps)) if (!placed.path.includes("then") && !placed.path.includes("else")) yield placed;
}

/** Goes through those of some written steps that can be read by themselves, and the steps within them. */
export function* walkFitSteps(written: readonly unknown[]): Generator<PlacedStep> {
  for (const [index, one] of written.entries()) {
    const read = stepSchema.safeParse(one);
    if (!read.success) continue;
    for (const { step, path, depth } of walkSteps([read.data])) yield { step, path: ["steps", index, ...path.slice(2)], depth };
  }
}
