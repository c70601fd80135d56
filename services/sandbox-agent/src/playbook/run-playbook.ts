import { Fault } from "@clew/fault/fault";
import type { RunError } from "@clew/proto/grpc/clew/run/v1/run";
import { completeOutput } from "../agent/complete-output.ts";
import { type Recovery, recover } from "../agent/recover.ts";
import { beginPlaybook } from "../authentication/begin-playbook.ts";
import type { PlaybookPlan } from "./plan-work.ts";
import { runChecks } from "./run-checks.ts";
import { runErrorOf } from "./run-error.ts";
import { runStep } from "./run-step.ts";
import type { Findings, StepContext } from "./step-context.ts";
import { outermost } from "./step-place.ts";

/** How a playbook, or a directive without one, ended. */
export type PlaybookEnd = {
  readonly summary: string;
  /** What an agent did and saw, in few words; empty where there was none. */
  readonly memory?: string;
} & ({ readonly kind: "completed" } | { readonly kind: "failed"; readonly error: RunError } | { readonly kind: "stopped" });

/**
 * Runs a playbook: logs in, opens its start, does its steps in order until one fails, all are done or the run is stopped, then looks whether it succeeded: by
 * its own checks and the run's, and by the schema of the outcome's data.
 */
export async function runPlaybook(plan: PlaybookPlan, findings: Findings, context: StepContext): Promise<PlaybookEnd> {
  const { playbook, startUrl, checks } = plan;
  const { redact, stopping } = context;
  const total = playbook.steps.length;
  const stoppedAt = (done: number): PlaybookEnd => ({ kind: "stopped", summary: `Stopped after ${done} of ${total} steps.` });
  const failed = (fault: Fault, summary = fault.message): PlaybookEnd => ({
    kind: "failed",
    summary: redact(summary),
    error: runErrorOf(fault, redact),
    memory,
  });

  let recovery: Recovery | undefined;
  let memory = "";
  const unbegun = await faultOf(beginPlaybook(playbook, startUrl, (part) => ({ stepIndex: 0, stepId: part }), findings, context));
  if (stopping.aborted) return stoppedAt(0);
  if (unbegun !== undefined) return failed(unbegun, `Failed before the first step: ${unbegun.message}`);
  for (const [index, step] of playbook.steps.entries()) {
    if (stopping.aborted) return stoppedAt(index);
    const result = await runStep(step, outermost(index), findings, context);
    if (stopping.aborted) return stoppedAt(result.success ? index + 1 : index);
    if (result.success) continue;
    const told = `Step ${index + 1} of ${total} (${result.description}) failed: ${result.fault.message}`;
    recovery = await recover(plan, index, result.fault, findings, context);
    memory = recovery?.memory ?? "";
    if (stopping.aborted) return stoppedAt(index);
    if (recovery === undefined) return failed(result.fault, told);
    if (recovery.failure === undefined) break;
    const both = combined(result.fault, recovery.failure);
    return failed(both, `${told} ${both.message.slice(result.fault.message.length).trim()}`);
  }
  const unmet = await faultOf(runChecks([...playbook.checks, ...checks], findings, context));
  if (stopping.aborted) return stoppedAt(total);
  const judged = unmet ?? (await faultOf(completeOutput(plan, findings, context)));
  if (stopping.aborted) return stoppedAt(total);
  if (judged !== undefined) return failed(judged);
  const steps = `${total} ${total === 1 ? "step" : "steps"}`;
  if (recovery === undefined) return { kind: "completed", summary: `Completed '${playbook.id}': ${steps}.` };
  await recovery.propose();
  return { kind: "completed", summary: `Completed '${playbook.id}' with an agent's help: ${redact(recovery.summary)}`, memory };
}

/** The step's failure, with what became of the agent that took over. */
function combined(fault: Fault, recovery: Fault): Fault {
  return new Fault(fault.reason, {
    message: `${fault.message} The agent that took over failed too: ${recovery.message}`,
    details: { ...fault.details, recovery: recovery.reason },
    cause: recovery,
  });
}

/** The Fault that something was thrown, or answers. */
async function faultOf(done: Promise<Fault | undefined> | Promise<void>): Promise<Fault | undefined> {
  try {
    return (await done) ?? undefined;
  } catch (thrown) {
    return Fault.from(thrown);
  }
}
