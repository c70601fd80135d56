import { Fault } from "@clew/fault/fault";
import { bindStep } from "@clew/playbook/bind-step";
import { bindText } from "@clew/playbook/bind-text";
import type { ActingStep } from "@clew/playbook/playbook-schema";
import { effectOf } from "@clew/playbook/step-effect";
import type { RunError } from "@clew/proto/grpc/clew/run/v1/run";
import { StepCompleted, StepStarted } from "@clew/proto/grpc/clew/run/v1/run_event";
import { delay } from "@clew/streams/delay";
import { inputSummary } from "../actions/input-summary.ts";
import { publicAddress } from "../browser/address.ts";
import { storeScreenshot } from "../recording/screenshot.ts";
import { type FoundText, runAction } from "./run-action.ts";
import { runErrorOf } from "./run-error.ts";
import type { Findings, StepContext } from "./step-context.ts";
import { verify } from "./verify.ts";

/** What came of a step. */
export type StepResult = { readonly success: true } | { readonly success: false; readonly error: RunError; readonly description: string };

const retryDelayMs = 1_000;

/** Runs one step: binds it, acts, verifies, tries once more where that is safe, and says what came of it. Never rejects for a step that failed. */
export async function runStep(template: ActingStep, stepIndex: number, findings: Findings, context: StepContext): Promise<StepResult> {
  const { active, report, redact, signal } = context;
  const place = { stepIndex, stepId: `step-${stepIndex + 1}` };
  const bound = bindStep(template, findings.values);
  const step = "step" in bound ? bound.step : template;
  const description = redact(step.description) || inputSummary(redact(step));
  const facts = { ...place, action: step.action, description };
  const startedAt = performance.now();
  await report.say({
    summary: `Step ${stepIndex + 1}: ${description}`,
    payload: { $case: "stepStarted", value: StepStarted.fromPartial(facts) },
  });

  const complete = async (outcome: Partial<StepCompleted>) => {
    const value = StepCompleted.fromPartial({
      ...facts,
      durationMs: Math.round(performance.now() - startedAt),
      url: publicAddress(redact(active.url)),
      ...outcome,
    });
    const summary = value.success ? `Step ${stepIndex + 1} done: ${description}` : `Step ${stepIndex + 1} failed: ${value.error?.message}`;
    await report.say({ summary, payload: { $case: "stepCompleted", value } });
  };
  try {
    if (!("step" in bound))
      throw new Fault("STEP_FAILED", { message: bound.problems.map(({ field, message }) => `${field}: ${message}`).join("; ") });
    const found = await tryStep(step, place, context);
    if (found !== undefined) findings.texts.push(found.whole);
    if (step.store_as !== undefined) {
      findings.stored.set(step.store_as, found?.whole ?? "");
      findings.values.set(step.store_as, found?.whole ?? "");
    }
    const { whole: _, ...shown } = found ?? { whole: "" };
    await complete({ success: true, ...shown });
    return { success: true };
  } catch (thrown) {
    const fault = Fault.from(thrown);
    const isCutShort = signal.aborted || context.stopping.aborted;
    // A playbook's author speaks for what its pages may do, not for what the operator's rules or a stop did.
    const own = isCutShort || fault.reason === "GUARDRAIL_BLOCKED" ? "" : failureMessage(template, findings);
    const error = runErrorOf(fault, redact, own || fault.message, {
      step: String(stepIndex + 1),
      ...(own !== "" && { cause: fault.message }),
    });
    const screenshot = signal.aborted
      ? undefined
      : await storeScreenshot(active.page, {
          ...context,
          secrets: Object.values(context.credentials),
          name: `failure-${place.stepId}.jpg`,
        });
    await complete({ success: false, error, ...(screenshot && { screenshot }) });
    return { success: false, error, description };
  }
}

/** Acts and verifies; once more after a second where the step allows it, the failure may pass, and nothing can happen twice that must not. */
async function tryStep(
  step: ActingStep,
  place: { stepIndex: number; stepId: string },
  context: StepContext,
): Promise<FoundText | undefined> {
  try {
    return await tryOnce(step, place, context);
  } catch (thrown) {
    const { signal, stopping } = context;
    const mayRetry = step.on_failure !== "abort" && effectOf(step) !== "commit" && Fault.from(thrown).retryable;
    if (!mayRetry || signal.aborted || stopping.aborted) throw thrown;
    await delay(retryDelayMs, { signal: stopping }).catch(() => {
      throw thrown;
    });
    return await tryOnce(step, place, context);
  }
}

async function tryOnce(
  step: ActingStep,
  place: { stepIndex: number; stepId: string },
  context: StepContext,
): Promise<FoundText | undefined> {
  const found = await runAction(step, place, context);
  if (step.verify !== undefined) await verify(context.active, step.verify, context.signal);
  return found;
}

function failureMessage(template: ActingStep, findings: Findings): string {
  const bound = bindText(template.failure_message, findings.values);
  return "text" in bound ? bound.text : template.failure_message;
}
