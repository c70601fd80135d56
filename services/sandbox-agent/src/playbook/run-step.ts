import { Fault } from "@clew/fault/fault";
import type { Reason } from "@clew/fault/reasons";
import { bindStep } from "@clew/playbook/bind-step";
import { bindText } from "@clew/playbook/bind-text";
import type { PlaybookStep } from "@clew/playbook/playbook-schema";
import { StepCompleted, StepStarted } from "@clew/proto/grpc/clew/run/v1/run_event";
import { cut } from "../actions/cut.ts";
import { inputSummary } from "../actions/input-summary.ts";
import { publicAddress } from "../browser/address.ts";
import { authorWords } from "../guardrails/author-words.ts";
import { callPlaybook } from "./call-playbook.ts";
import { type FoundText, shownOf } from "./run-action.ts";
import { runChecks } from "./run-checks.ts";
import { runErrorOf } from "./run-error.ts";
import { runForEach } from "./run-for-each.ts";
import { runIf } from "./run-if.ts";
import type { Findings, StepContext } from "./step-context.ts";
import { StepFault } from "./step-fault.ts";
import { fileNameOf, inside, type StepPlace } from "./step-place.ts";
import { keepTexts, store } from "./store-value.ts";
import { tryStep } from "./try-step.ts";

/** What came of a step; the fault is what was told of it, and is not masked. */
export type StepResult = { readonly success: true } | { readonly success: false; readonly fault: Fault; readonly description: string };

/** What a step did. */
export interface StepDone {
  readonly found?: FoundText | undefined;
  /** Whether there was nothing to do. */
  readonly skipped?: boolean;
}

/** Reasons that are the operator's or the platform's: a playbook's author does not speak for them. */
const notTheAuthors: ReadonlySet<Reason> = new Set<Reason>([
  "GUARDRAIL_BLOCKED",
  "TOO_MANY_ERRORS",
  "STUCK",
  "CAPTCHA_FAILED",
  "NO_PERSON",
  "INPUT_EXPIRED",
  "INPUT_DENIED",
  "BROWSER_CRASHED",
  "TERMINATED",
]);

/** The most characters of a round's value that its steps are told with. */
const roundChars = 60;

/** What no agent gets round, or must not. */
const notTheAgents: ReadonlySet<string> = new Set<Reason>([
  ...notTheAuthors,
  "AUTHENTICATION_FAILED",
  "BUDGET_EXCEEDED",
  "CASSETTE_MISMATCH",
  "MODEL_FAILED",
  "MODEL_UNAVAILABLE",
]);

/**
 * Runs one step, with those within it: binds it, does it, and says what came of it. Never rejects for a step that failed. What it stored is in
 * `findings`.
 */
export async function runStep(template: PlaybookStep, place: StepPlace, findings: Findings, context: StepContext): Promise<StepResult> {
  const { active, report, redact, recordings, signal, stopping, looks } = context;
  const bound = bindStep(template, findings.values);
  const step = "step" in bound ? bound.step : template;
  const description = inRound(redact(step.description) || inputSummary(redact(step)), redact(place.round ?? ""));
  const facts = { stepIndex: place.stepIndex, stepId: place.stepId, action: step.action, description };
  const words = place.stepId.replace("step-", "Step ");
  const startedAt = performance.now();
  await report.say({ summary: `${words}: ${description}`, payload: { $case: "stepStarted", value: StepStarted.fromPartial(facts) } });

  const complete = async (outcome: Partial<StepCompleted>) => {
    const value = StepCompleted.fromPartial({
      ...facts,
      durationMs: Math.round(performance.now() - startedAt),
      url: publicAddress(redact(active.url)),
      ...outcome,
    });
    const summary = value.success
      ? `${words} ${value.skipped ? "left out" : "done"}: ${description}`
      : `${words} ${value.error?.reason === "TERMINATED" ? "cut off" : "failed"}: ${value.error?.message}`;
    await report.say({ summary, payload: { $case: "stepCompleted", value } });
  };
  try {
    if (!("step" in bound))
      throw new Fault("STEP_FAILED", { message: bound.problems.map(({ field, message }) => `${field}: ${message}`).join("; ") });
    const { found, skipped = false } = await perform(step, template, place, findings, context);
    await complete({ success: true, skipped, ...(found && shownOf(found)) });
    return { success: true };
  } catch (thrown) {
    const fault = toldFault(Fault.from(signal.aborted ? signal.reason : thrown), template, place, findings);
    const failedHere = fault.details.stepId === place.stepId;
    const screenshot =
      signal.aborted || stopping.aborted || !failedHere
        ? undefined
        : await recordings.picture(`failure-${fileNameOf(place)}.jpg`, signal, looks);
    await complete({ success: false, error: runErrorOf(fault, redact), ...(screenshot && { screenshot }) });
    return { success: false, fault, description };
  }
}

async function perform(
  step: PlaybookStep,
  template: PlaybookStep,
  place: StepPlace,
  findings: Findings,
  context: StepContext,
): Promise<StepDone> {
  const runInner = async (steps: readonly PlaybookStep[], list: string, round?: string) => {
    await runSteps(steps, (index) => inside(place, list, index, round), findings, context);
  };
  switch (step.action) {
    case "if":
      return await runIf(step, context, runInner);
    case "for_each":
      return await runForEach(step, findings, runInner);
    case "call":
      return await callPlaybook(step, place, findings, context, async (called, own, inner) => {
        await runSteps(called.steps, (index) => inside(place, `${called.id}.step`, index), own, inner);
        await runChecks(called.checks, own, inner);
      });
    default: {
      const { found, value } = await tryStep(step, authorWords(template), place, context);
      const texts = found.map(({ whole }) => whole);
      keepTexts(texts, findings);
      if (step.store_as !== undefined) store(step.store_as, value, findings);
      return { found: found.at(-1) };
    }
  }
}

/** Says of a step what the round it is in is about, where it does not say so itself: in words of their own, not as a part of another. */
function inRound(description: string, round: string): string {
  const own = `(?<![\\p{L}\\p{N}])${RegExp.escape(round)}(?![\\p{L}\\p{N}])`;
  const isSaid = round === "" || new RegExp(own, "u").test(description);
  return isSaid ? description : `${description} (${cut(round, roundChars)})`;
}

/** Runs steps in order. Rejects with what was told of the one that failed, or with why the run is being stopped. */
async function runSteps(
  steps: readonly PlaybookStep[],
  placeOf: (index: number) => StepPlace,
  findings: Findings,
  context: StepContext,
): Promise<void> {
  for (const [index, step] of steps.entries()) {
    context.stopping.throwIfAborted();
    const result = await runStep(step, placeOf(index), findings, context);
    if (!result.success) throw result.fault;
  }
}

/** What is told of a failure: of a step within, what was told of that; otherwise the author's words where there are any. */
function toldFault(fault: Fault, template: PlaybookStep, { stepIndex, stepId }: StepPlace, findings: Findings): Fault {
  if (fault.details.stepId !== undefined) return fault;
  const own = notTheAuthors.has(fault.reason) || !("failure_message" in template) ? "" : bindOwnWords(template.failure_message, findings);
  return new StepFault(fault.reason, {
    message: own || fault.message,
    details: { ...fault.details, step: String(stepIndex + 1), stepId, ...(own !== "" && { cause: fault.message }) },
    cause: fault,
    isRecoverable: "on_failure" in template && template.on_failure === "llm_recover" && !notTheAgents.has(fault.reason),
    within: fault,
  });
}

function bindOwnWords(message: string, findings: Findings): string {
  const bound = bindText(message, findings.values);
  return "text" in bound ? bound.text : message;
}
