import { Fault } from "@clew/fault/fault";
import { bindUrl } from "@clew/playbook/bind-url";
import { playbookLimits } from "@clew/playbook/limits";
import type { Playbook, StepOf } from "@clew/playbook/playbook-schema";
import { beginPlaybook } from "../authentication/begin-playbook.ts";
import type { StepDone } from "./run-step.ts";
import { createFindings, type Findings, type StepContext } from "./step-context.ts";
import type { StepPlace } from "./step-place.ts";
import { store } from "./store-value.ts";
import { valuesFor } from "./values-for.ts";

/** Runs a called playbook's steps and checks, with findings of its own. */
type Play = (called: Playbook, findings: Findings, context: StepContext) => Promise<void>;

/**
 * Runs another playbook in the same browser, with parameters of its own, and takes over what `outputs` names of what it stored. What it extracts is the
 * run's; what it stores is not.
 */
export async function callPlaybook(
  { call: id, params, outputs }: StepOf<"call">,
  place: StepPlace,
  findings: Findings,
  context: StepContext,
  play: Play,
): Promise<StepDone> {
  const called = context.calledPlaybooks.get(id);
  if (called === undefined) throw new Fault("PLAYBOOK_NOT_FOUND", { message: `The run was given no playbook '${id}' to call.` });
  if (context.callDepth >= playbookLimits.depth)
    throw new Fault("STEP_FAILED", { message: `'${id}' would be called within more than ${playbookLimits.depth} other calls.` });
  const taken = valuesFor(called, params, context.credentials);
  if (!("values" in taken))
    throw new Fault("STEP_FAILED", {
      message: `'${id}' cannot be called: ${taken.problems.map(({ field, message }) => `${field} ${message}`).join("; ")}`,
    });
  const own = createFindings(taken.values, findings.texts);
  const inner = { ...context, requestHeaders: new Map(), callDepth: context.callDepth + 1 };
  const start = bindUrl(called.start_url ?? "", own.values);
  const startUrl = "text" in start && start.text !== "" ? start.text : undefined;
  const placeOf = (part: string): StepPlace => ({ stepIndex: place.stepIndex, stepId: `${place.stepId}.${id}.${part}` });
  await beginPlaybook(called, startUrl, placeOf, own, inner);
  await play(called, own, inner);
  for (const [name, theirs] of Object.entries(outputs)) {
    const value = own.stored.get(theirs);
    if (value === undefined) throw new Fault("STEP_FAILED", { message: `'${id}' stored no '${theirs}'.` });
    store(name, value, findings);
  }
  return {};
}
