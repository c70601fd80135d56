import type { Playbook } from "@clew/playbook/playbook-schema";
import { walkSteps } from "@clew/playbook/walk-steps";

/** Whether a playbook cannot come to its end without a model. One that only might recover with one can. */
export function asksModel({ steps }: Playbook): boolean {
  for (const { step } of walkSteps(steps)) if (step.action === "llm_extract") return true;
  return false;
}
