import type { Fault } from "@clew/fault/fault";
import type { ActingStep } from "@clew/playbook/playbook-schema";
import type { StepEffect } from "@clew/playbook/step-actions";

/** An action that touched the page, or may have. */
export interface HandedAction {
  readonly step: ActingStep;
  readonly effect: StepEffect;
  /** Whether it clicks, as giving files to a button does. */
  readonly clicks: boolean;
}

/**
 * Whether a step that failed may be tried once more. A failure that cannot pass is never worth it. What never reached the browser may always be tried
 * again. Of what did reach it: what only reads, always; a `commit`, never; other writing, where doing it twice leaves what doing it once does, or where
 * the author said `on_failure: retry` of anything but a request, whose server may have done what it did not answer.
 */
export function mayRetry({ on_failure: policy }: Pick<ActingStep, "on_failure">, handed: readonly HandedAction[], failure: Fault): boolean {
  if (policy === "abort" || !failure.retryable) return false;
  return handed.every(
    ({ step, effect, clicks }) =>
      effect === "read" || (effect === "write" && (isRepeatable(step, clicks) || (policy === "retry" && step.action !== "api_request"))),
  );
}

/** Whether doing it again leaves what doing it once does. */
function isRepeatable(step: ActingStep, clicks: boolean): boolean {
  switch (step.action) {
    case "fill":
    case "select":
    case "check":
      return true;
    case "upload":
      return !clicks;
    case "key_press":
      // Into an element a text is filled, over what is there; elsewhere it is typed, after what is there.
      return step.selector !== undefined && step.params.key === undefined;
    case "api_request":
      return step.request.method === "PUT" || step.request.method === "DELETE";
    default:
      return false;
  }
}
