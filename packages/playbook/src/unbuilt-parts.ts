import type { Playbook } from "./playbook-schema.ts";
import { stepActions } from "./step-actions.ts";
import { walkSteps } from "./walk-steps.ts";

/** A part of a playbook that is known and cannot run yet. */
export interface UnbuiltPart {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const notBuilt = "is not built yet";

/** Names every part of a playbook that the engine cannot run yet, so that none is silently left out. */
export function unbuiltParts(playbook: Playbook): readonly UnbuiltPart[] {
  const parts: UnbuiltPart[] = [];
  const refuse = (path: readonly PropertyKey[], message: string) => parts.push({ path, message });
  for (const { step, path } of walkSteps(playbook.steps)) {
    if (step.action === "if" || step.action === "for_each" || step.action === "call") continue;
    if (!stepActions[step.action].runs) refuse([...path, "action"], `'${step.action}' ${notBuilt}`);
    const actions = step.action === "execute_sequence" ? step.steps : [];
    for (const [index, { action }] of actions.entries())
      if (!stepActions[action].runs) refuse([...path, "steps", index, "action"], `'${action}' ${notBuilt}`);
  }
  return parts;
}
