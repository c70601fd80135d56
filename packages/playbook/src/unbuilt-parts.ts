import type { Playbook } from "./playbook-schema.ts";
import { stepActions } from "./step-actions.ts";

/** A part of a playbook that is known and cannot run yet. */
export interface UnbuiltPart {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const notBuilt = "is not built yet";

/** Names every part of a playbook that the engine cannot run yet, so that none is silently left out. */
export function unbuiltParts(playbook: Playbook): readonly UnbuiltPart[] {
  const parts: UnbuiltPart[] = [];
  const refuse = (path: readonly PropertyKey[], message: string = notBuilt) => parts.push({ path, message });
  if (playbook.auth !== undefined && playbook.auth.mode !== "none") refuse(["auth", "mode"], `'${playbook.auth.mode}' ${notBuilt}`);
  if (playbook.auth_required === true) refuse(["auth_required"]);
  if (playbook.capture !== undefined) refuse(["capture"]);
  if (playbook.guardrails !== undefined) refuse(["guardrails"], `${notBuilt} in a playbook; give them with the run`);
  for (const [index, parameter] of playbook.parameters.entries()) {
    if (parameter.inject_into !== undefined)
      refuse(["parameters", index, "inject_into"], `${notBuilt}; write {${parameter.name}} in that place`);
  }
  for (const [index, step] of playbook.steps.entries()) {
    if (!stepActions[step.action].runs) refuse(["steps", index, "action"], `'${step.action}' ${notBuilt}`);
    if (step.action === "extract" && step.params.mode === "markdown") refuse(["steps", index, "params", "mode"], `'markdown' ${notBuilt}`);
  }
  return parts;
}
