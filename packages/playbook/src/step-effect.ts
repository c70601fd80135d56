import type { PlaybookStep } from "./playbook-schema.ts";
import { type StepEffect, stepActions } from "./step-actions.ts";

const safeMethods = new Set(["GET", "HEAD"]);

/** What a step does to the world: what it says itself, otherwise what its action does. `commit` only where a step says so. */
export function effectOf(step: PlaybookStep): StepEffect {
  if (step.effect !== undefined) return step.effect;
  if (step.action === "api_request" && safeMethods.has(step.request.method.toUpperCase())) return "read";
  return stepActions[step.action].effect;
}
