import type { PlaybookStep } from "./schema/step.ts";

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
