import { Fault } from "@clew/fault/fault";
import type { Playbook, StepOf } from "@clew/playbook/playbook-schema";
import type { RunError } from "@clew/proto/grpc/clew/run/v1/run";
import { runAction } from "./run-action.ts";
import { runErrorOf } from "./run-error.ts";
import { runStep } from "./run-step.ts";
import type { Findings, StepContext } from "./step-context.ts";

/** How a playbook ended. */
export type PlaybookEnd =
  | { readonly kind: "completed"; readonly summary: string }
  | { readonly kind: "failed"; readonly summary: string; readonly error: RunError }
  | { readonly kind: "stopped"; readonly summary: string };

/** Runs a playbook's steps in order, until one fails, all are done, or the run is stopped. `startUrl` is opened first. */
export async function runPlaybook(
  playbook: Playbook,
  startUrl: string | undefined,
  findings: Findings,
  context: StepContext,
): Promise<PlaybookEnd> {
  const total = playbook.steps.length;
  const stoppedAt = (done: number): PlaybookEnd => ({ kind: "stopped", summary: `Stopped after ${done} of ${total} steps.` });
  if (startUrl !== undefined) {
    const fault = await openStart(startUrl, context);
    if (context.stopping.aborted) return stoppedAt(0);
    if (fault !== undefined)
      return {
        kind: "failed",
        summary: `The start address could not be opened: ${fault.message}`,
        error: runErrorOf(fault, context.redact),
      };
  }
  for (const [index, step] of playbook.steps.entries()) {
    if (context.stopping.aborted) return stoppedAt(index);
    if (step.action === "if" || step.action === "for_each" || step.action === "call")
      return failedAt(new Fault("NOT_IMPLEMENTED", { message: `'${step.action}' is not built yet.` }), context);
    const result = await runStep(step, index, findings, context);
    if (context.stopping.aborted) return stoppedAt(result.success ? index + 1 : index);
    if (!result.success) {
      return {
        kind: "failed",
        summary: `Step ${index + 1} of ${total} (${result.description}) failed: ${result.error.message}`,
        error: result.error,
      };
    }
  }
  return { kind: "completed", summary: `Completed '${playbook.id}': ${total} ${total === 1 ? "step" : "steps"}.` };
}

function failedAt(fault: Fault, { redact }: StepContext): PlaybookEnd {
  return { kind: "failed", summary: fault.message, error: runErrorOf(fault, redact) };
}

/** Opens the start address as an action of its own; answers what kept it from being opened. */
async function openStart(url: string, context: StepContext): Promise<Fault | undefined> {
  const step: StepOf<"goto"> = {
    action: "goto",
    params: { url },
    description: "Open the start address",
    on_failure: "abort",
    failure_message: "",
  };
  try {
    await runAction(step, { stepIndex: 0, stepId: "start" }, context);
    return undefined;
  } catch (thrown) {
    return Fault.from(thrown);
  }
}
