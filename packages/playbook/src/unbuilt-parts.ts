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
  const refuse = (path: readonly PropertyKey[], message: string = notBuilt) => parts.push({ path, message });
  if (playbook.auth !== undefined && playbook.auth.mode !== "none") refuse(["auth", "mode"], `'${playbook.auth.mode}' ${notBuilt}`);
  if (playbook.auth_required === true) refuse(["auth_required"]);
  if (playbook.capture !== undefined) refuse(["capture"]);
  if (playbook.checks.length > 0) refuse(["checks"]);
  if (playbook.guardrails !== undefined) refuse(["guardrails"], `${notBuilt} in a playbook; give them with the run`);
  for (const { step, path } of walkSteps(playbook.steps)) {
    if (step.action === "if" || step.action === "for_each" || step.action === "call")
      refuse([...path, step.action], `'${step.action}' ${notBuilt}`);
    else if (!stepActions[step.action].runs) refuse([...path, "action"], `'${step.action}' ${notBuilt}`);
    if (step.action === "extract" && (step.params.mode === "markdown" || step.params.mode === "table"))
      refuse([...path, "params", "mode"], `'${step.params.mode}' ${notBuilt}`);
    if (step.action === "extract" && step.params.all) refuse([...path, "params", "all"]);
  }
  return parts;
}
