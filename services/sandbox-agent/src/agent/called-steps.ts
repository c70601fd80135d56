import type { Playbook, PlaybookStep } from "@clew/playbook/playbook-schema";
import { walkSteps } from "@clew/playbook/walk-steps";

/** The playbooks that steps call, those called by these too: each once, in the order they are met. What the run was not given is left out. */
export function calledBy(steps: readonly PlaybookStep[], known: ReadonlyMap<string, Playbook>): readonly Playbook[] {
  const met = new Map<string, Playbook>();
  const meet = (list: readonly PlaybookStep[]) => {
    for (const { step } of walkSteps(list)) {
      const called = step.action === "call" && !met.has(step.call) ? known.get(step.call) : undefined;
      if (step.action !== "call" || called === undefined) continue;
      met.set(step.call, called);
      meet(called.steps);
    }
  };
  meet(steps);
  return [...met.values()];
}
