import type { PlaybookAction } from "./schema/action.ts";
import type { ActingStep } from "./schema/step.ts";
import { type StepEffect, stepActions } from "./step-actions.ts";

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** What a step does to the world: what it says itself, otherwise what its action does. `commit` only where a step says so. */
export function effectOf(step: ActingStep): StepEffect {
  if (step.effect !== undefined) return step.effect;
  if (step.action === "execute_sequence") return step.steps.every((action) => actionEffect(action) === "read") ? "read" : "write";
  return actionEffect(step);
}

function actionEffect(step: PlaybookAction): StepEffect {
  if (step.action === "api_request" && safeMethods.has(step.request.method)) return "read";
  return stepActions[step.action].effect;
}

/** What one action of a step does to the world: a sequence says it of those of its actions that do not only look. */
export function effectOfPart(step: ActingStep, part: ActingStep): StepEffect {
  if (step.action !== "execute_sequence") return effectOf(step);
  const own = effectOf(part);
  return own === "read" ? own : (step.effect ?? own);
}
