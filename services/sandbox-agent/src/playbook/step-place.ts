import { createHash } from "node:crypto";

/** Where in a playbook a step stands. */
export interface StepPlace {
  /** The index of the outermost step it belongs to, from 0. */
  readonly stepIndex: number;
  /** The way to it, the same in every attempt: `step-3`, `step-3.then-1`, `step-3.2.steps-1` in a second round, `step-4.login.step-2` in a called playbook. */
  readonly stepId: string;
  /** The value of the `for_each` round it is in, the innermost one's. May be a secret. */
  readonly round?: string | undefined;
}

/** The most characters of a step's id within a file's name. */
const fileNameChars = 100;

/** The place of a playbook's own step. */
export function outermost(index: number): StepPlace {
  return { stepIndex: index, stepId: `step-${index + 1}` };
}

/** The place of the step at `index` of `list`, within the step at `place`; in a round of its own where it has another value than that. */
export function inside({ stepIndex, stepId, round: outer }: StepPlace, list: string, index: number, round = outer): StepPlace {
  return { stepIndex, stepId: `${stepId}.${list}-${index + 1}`, round };
}

/** The step's id as a part of a file's name: a long one is shortened to what tells it from all others. */
export function fileNameOf({ stepId }: StepPlace): string {
  if (stepId.length <= fileNameChars) return stepId;
  const hash = createHash("sha256").update(stepId).digest("hex").slice(0, 12);
  return `${stepId.slice(0, fileNameChars - hash.length - 1)}-${hash}`;
}
