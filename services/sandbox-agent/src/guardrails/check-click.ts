import type { StepEffect } from "@clew/playbook/step-actions";
import { judgeClick } from "./destructive-click.ts";
import { blockedFault } from "./guardrail-block.ts";

/**
 * Refuses a click that would do what cannot be taken back and that its step does not ask for: see `judgeClick`.
 *
 * @param labels what a person would read on the target.
 * @param words what the step's author says of it: see `authorWords`.
 * @throws Fault GUARDRAIL_BLOCKED.
 */
export function checkClick(labels: readonly string[], words: readonly string[], effect: StepEffect): void {
  const block = judgeClick(labels, effect === "commit", words);
  if (block !== undefined) throw blockedFault(block);
}
