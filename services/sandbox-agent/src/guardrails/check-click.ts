import type { ActingStep } from "@clew/playbook/playbook-schema";
import type { StepEffect } from "@clew/playbook/step-actions";
import { judgeClick } from "./destructive-click.ts";
import { blockedFault } from "./guardrail-block.ts";

/**
 * Refuses a click that would do what cannot be taken back and that its step does not ask for: see `judgeClick`.
 *
 * @param labels what a person would read on the target.
 * @throws Fault GUARDRAIL_BLOCKED.
 */
export function checkClick(labels: readonly string[], step: ActingStep, effect: StepEffect): void {
  const authorWords = [step.description, JSON.stringify(["selector" in step && step.selector, "steps" in step && step.steps])];
  const block = judgeClick(labels, effect === "commit", authorWords);
  if (block !== undefined) throw blockedFault(block);
}
