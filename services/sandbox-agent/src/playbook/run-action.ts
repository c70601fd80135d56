import { Fault } from "@clew/fault/fault";
import type { ActingStep } from "@clew/playbook/playbook-schema";
import { effectOf } from "@clew/playbook/step-effect";
import { Artifact_Kind, Effect } from "@clew/proto/grpc/clew/run/v1/run";
import { ActionBlocked, ActionCompleted, ActionStarted, GuardrailTripped, PageChanged } from "@clew/proto/grpc/clew/run/v1/run_event";
import { abortable } from "@clew/streams/abortable";
import { delay } from "@clew/streams/delay";
import { inputSummary } from "../actions/input-summary.ts";
import { isTargetGone } from "../actions/playwright-fault.ts";
import { prepareAction } from "../actions/prepare-action.ts";
import { timeouts } from "../actions/timeouts.ts";
import { within } from "../actions/within.ts";
import { publicAddress } from "../browser/address.ts";
import { judgeAddress } from "../guardrails/address-rules.ts";
import { checkAddress } from "../guardrails/check-address.ts";
import { storeScreenshot } from "../recording/screenshot.ts";
import { runErrorOf } from "./run-error.ts";
import { cutBytes, textBytes } from "./shorten.ts";
import type { StepContext } from "./step-context.ts";

/** Which step an action belongs to. */
export interface StepPlace {
  readonly stepIndex: number;
  readonly stepId: string;
}

/** A text an action found, as events carry it, and whole; without secrets. */
export interface FoundText {
  readonly whole: string;
  readonly resultText: string;
  readonly truncated: boolean;
  readonly resultArtifact?: string;
}

const effects = { read: Effect.READ, write: Effect.WRITE, commit: Effect.COMMIT } as const;

/** How long the news that the browser is gone may lag behind the action that noticed. */
const crashNewsMs = 1_000;

/**
 * Runs one action and says so: `actionStarted`, which is durable in the journal before anything that may change the world, `actionCompleted`, and
 * `pageChanged` where the address became another. What was cut short after it touched the page has no `actionCompleted`: nobody knows what it did.
 */
export async function runAction(step: ActingStep, place: StepPlace, context: StepContext): Promise<FoundText | undefined> {
  const { active, report, signal, stopping } = context;
  const effect = effectOf(step);
  const facts = {
    ...place,
    actionId: context.nextActionId(),
    tool: "playbook",
    action: step.action,
    inputSummary: inputSummary(context.redact(step)),
  };
  await refuseBlocked(step, facts, context);

  const before = active.url;
  const started = {
    summary: `About to ${facts.inputSummary}`,
    payload: { $case: "actionStarted", value: ActionStarted.fromPartial({ ...facts, effect: effects[effect] }) },
  } as const;
  const preparing = prepareAction(step, context);
  preparing.catch(() => {});
  await abortable(effect === "read" ? report.say(started) : report.confirm(started), signal);

  const startedAt = performance.now();
  const complete = async (did: string, outcome: Partial<ActionCompleted>) => {
    const value = ActionCompleted.fromPartial({
      ...facts,
      effect: effects[effect],
      durationMs: Math.round(performance.now() - startedAt),
      url: publicAddress(context.redact(active.url)),
      ...(context.traceOffsetMs && { traceOffsetMs: context.traceOffsetMs() }),
      ...outcome,
    });
    await report.say({ summary: did, payload: { $case: "actionCompleted", value } });
  };
  let hasTouched = false;
  try {
    if (stopping.aborted) throw stopping.reason;
    const perform = await preparing;
    if (stopping.aborted) throw stopping.reason;
    hasTouched = true;
    const result = await perform();
    // Playwright takes an action as done when the browser dies under it.
    if (!active.isOpen) await delay(crashNewsMs, { signal });
    signal.throwIfAborted();
    const found = result.found === undefined ? undefined : await keepText(result.found, place, context);
    const screenshot = context.screenshots
      ? await storeScreenshot(active.page, {
          ...context,
          secrets: Object.values(context.credentials),
          name: `action-${facts.actionId}.jpg`,
        })
      : undefined;
    const { whole: _, ...shown } = found ?? { whole: "" };
    await complete(result.did, { success: true, ...shown, ...(screenshot && { screenshot }) });
    await noteAddress(before, context);
    return found;
  } catch (thrown) {
    if (thrown instanceof Fault && isTargetGone(thrown.cause)) await delay(crashNewsMs, { signal }).catch(() => {});
    if (signal.aborted && hasTouched && effect !== "read") throw signal.reason;
    const fault = Fault.from(signal.aborted ? signal.reason : thrown);
    if (fault.reason !== "GUARDRAIL_BLOCKED")
      await complete(`Could not ${facts.inputSummary}: ${fault.message}`, { success: false, error: runErrorOf(fault, context.redact) });
    throw fault;
  }
}

async function refuseBlocked(
  step: ActingStep,
  facts: StepPlace & { actionId: string; inputSummary: string },
  { report, rules, signal }: StepContext,
): Promise<void> {
  if (step.action !== "goto") return;
  const block = await checkAddress(step.params.url, rules, signal);
  if (block === undefined) return;
  const value = ActionBlocked.fromPartial({ ...facts, action: step.action, ...block });
  await report.say({ summary: `Blocked: ${block.message}`, payload: { $case: "actionBlocked", value } });
  throw new Fault("GUARDRAIL_BLOCKED", { message: block.message, details: { rule: block.rule } });
}

/** Says that the address became another; leaves a page that may not be seen. */
async function noteAddress(before: string, { active, report, rules, redact, signal }: StepContext): Promise<void> {
  const page = await active.settled(signal);
  const address = page.url();
  if (address === before) return;
  const url = publicAddress(redact(address));
  const title = redact(await within(page.title(), timeouts.action, signal).catch(() => ""));
  const value = PageChanged.fromPartial({ url, title: title.slice(0, 300), ...(active.status !== undefined && { status: active.status }) });
  await report.say({
    summary: title === "" ? `The page is now ${url}` : `The page is now '${title}' (${url})`,
    payload: { $case: "pageChanged", value },
  });
  const block = address.startsWith("about:") ? undefined : judgeAddress(address, rules);
  if (block === undefined) return;
  const tripped = GuardrailTripped.fromPartial({ ...block, url });
  await report.say({ summary: `Left the page: ${block.message}`, payload: { $case: "guardrailTripped", value: tripped } });
  await page.goto("about:blank", { signal }).catch(() => {});
  throw new Fault("GUARDRAIL_BLOCKED", { message: block.message, details: { rule: block.rule } });
}

async function keepText(whole: string, { stepId }: StepPlace, { files }: StepContext): Promise<FoundText> {
  const resultText = cutBytes(whole, textBytes);
  if (resultText === whole) return { whole, resultText, truncated: false };
  const file = { name: `text-${stepId}.txt`, kind: Artifact_Kind.DATA, contentType: "text/plain; charset=utf-8" } as const;
  return { whole, resultText, truncated: true, resultArtifact: await files.write(file, whole) };
}
