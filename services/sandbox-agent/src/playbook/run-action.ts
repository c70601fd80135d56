import { Fault } from "@clew/fault/fault";
import type { ActingStep } from "@clew/playbook/playbook-schema";
import type { StepEffect } from "@clew/playbook/step-actions";
import { effectOf } from "@clew/playbook/step-effect";
import { Artifact_Kind, Effect } from "@clew/proto/grpc/clew/run/v1/run";
import { ActionCompleted, ActionStarted } from "@clew/proto/grpc/clew/run/v1/run_event";
import { abortable } from "@clew/streams/abortable";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import type { ActionResult, JsonValue } from "../actions/action.ts";
import { inputSummary } from "../actions/input-summary.ts";
import { isKeptOff, isTargetGone } from "../actions/playwright-fault.ts";
import { prepareAction } from "../actions/prepare-action.ts";
import { publicAddress } from "../browser/address.ts";
import { challengeBehind } from "../captcha/challenge-behind.ts";
import { faceCaptcha } from "../captcha/face-captcha.ts";
import type { Captcha } from "../captcha/look-for-captcha.ts";
import { authorWords } from "../guardrails/author-words.ts";
import type { ActionFacts } from "../guardrails/check-actions.ts";
import { checkClick } from "../guardrails/check-click.ts";
import type { PageLook } from "../observation/look-at-page.ts";
import { awaitSent } from "./await-sent.ts";
import { noteArrival } from "./note-arrival.ts";
import { runErrorOf } from "./run-error.ts";
import { cutBytes, textBytes } from "./shorten.ts";
import type { StepContext } from "./step-context.ts";
import { fileNameOf, type StepPlace } from "./step-place.ts";

/** Who wants an action done, where it is not a playbook's author. */
export interface Actor {
  /** As events say it. */
  readonly tool: "agent";
  /** Changes when the page does: the same action on a changed page is progress. */
  readonly pageState: string;
  /** Answers what the action does to the world, as far as it may. @throws Fault GUARDRAIL_BLOCKED where it must not be done. */
  readonly admit: (actionId: string) => Promise<StepEffect>;
  /** Told what the action did, and what the page did by itself meanwhile; without secrets. */
  readonly onDid: (did: string) => void;
}

/** How an action is run, where it is not a step of its own. */
export interface RunActionOptions {
  /** Who acts; the playbook unless given. */
  readonly actor?: Actor;
  /** What it does to the world, where the step that holds it says. */
  readonly effect?: StepEffect;
  /** What a file of its text is called after; the step's id unless given. */
  readonly fileName?: string;
  /** Whether a challenge that it leads to is dealt with; it is unless said otherwise. */
  readonly facesCaptcha?: boolean;
  /** What its author says of it, where that is not the step as it is run. */
  readonly authorWords?: readonly string[];
  /** Called just before the action touches the page, with whether it clicks. */
  readonly onHanded?: (effect: StepEffect, clicks: boolean) => void;
  /** Told of a failure, before it is thrown, behind which it was looked for a challenge and there is none. */
  readonly onUnchallenged?: (failure: unknown) => void;
}

/** A text an action found, as events carry it, and whole; without secrets. */
export interface FoundText {
  readonly whole: string;
  /** The same as a value, where it is more than a text. */
  readonly value: JsonValue;
  readonly resultText: string;
  readonly truncated: boolean;
  readonly resultArtifact?: string;
}

const effects = { read: Effect.READ, write: Effect.WRITE, commit: Effect.COMMIT } as const;

/** What takes back what the page has sent and is not answered. */
const leaving: ReadonlySet<ActingStep["action"]> = new Set(["goto", "go_back", "reload", "close_tab"]);

/** What is one click, and nothing before it. */
const clicking: ReadonlySet<ActingStep["action"]> = new Set(["click", "check"]);

/** How long the news that the browser is gone may lag behind the action that noticed. */
const crashNewsMs = 1_000;

/**
 * Runs one action and says so: `actionStarted`, which is durable in the journal before anything that may change the world, `actionCompleted`, and
 * `pageChanged` where the address became another. What was cut short after it touched the page has no `actionCompleted`: nobody knows what it did.
 */
export async function runAction(
  step: ActingStep,
  place: StepPlace,
  context: StepContext,
  { fileName = fileNameOf(place), facesCaptcha = true, actor, onHanded, onUnchallenged, ...options }: RunActionOptions = {},
): Promise<FoundText | undefined> {
  const { active, checks, recordings, report, signal, stopping } = context;
  context.looks.renew();
  const facts = {
    ...place,
    actionId: context.nextActionId(),
    tool: actor?.tool ?? "playbook",
    action: step.action,
    inputSummary: inputSummary(context.redact(step)),
  };
  const subject = actor ?? { stepId: place.stepId };
  const effect = await admit(step, facts, options.effect, actor, context);

  const from = { address: active.url, navigations: active.navigations };
  const started = {
    summary: `About to ${facts.inputSummary}`,
    payload: { $case: "actionStarted", value: ActionStarted.fromPartial({ ...facts, effect: effects[effect] }) },
  } as const;
  using cut = linkSignals(signal, effect === "read" ? checks.tripped : undefined);
  const words = options.authorWords ?? authorWords(step).flat();
  let clicks = false;
  const check = (labels: readonly string[]) => {
    clicks = true;
    checkClick(labels, words, effect);
  };
  let met: Captcha | undefined;
  const meetChallenge = (challenge: Captcha) => {
    met = challenge;
    throw new Fault("CAPTCHA_FAILED", { message: "The page asks whether a person is there.", details: { kind: challenge.kind } });
  };
  const prepare = () => prepareAction(step, { ...context, signal: cut.signal, checkClick: check, ...(facesCaptcha && { meetChallenge }) });
  const preparing = prepare();
  preparing.catch(() => {});
  await abortable(effect === "read" ? report.say(started) : report.confirm(started), signal);

  const startedAt = performance.now();
  const complete = async (did: string, outcome: Partial<ActionCompleted>) => {
    const value = ActionCompleted.fromPartial({
      ...facts,
      effect: effects[effect],
      durationMs: Math.round(performance.now() - startedAt),
      url: publicAddress(context.redact(active.url)),
      ...recordings.offsets(),
      ...outcome,
    });
    await report.say({ summary: did, payload: { $case: "actionCompleted", value } });
  };
  let isCompleted = false;
  let hasTouched = false;
  try {
    if (stopping.aborted) throw stopping.reason;
    const perform = await preparing.catch(async (thrown: unknown) => {
      const challenge = facesCaptcha ? (met ?? (await challengeBehind(Fault.from(thrown), context))) : undefined;
      if (challenge === undefined) {
        if (facesCaptcha) onUnchallenged?.(thrown);
        throw thrown;
      }
      await faceChallenge(challenge, place, context);
      // A person may have taken minutes.
      context.looks.renew();
      return await prepare();
    });
    if (leaving.has(step.action)) await awaitSent(context);
    if (stopping.aborted) throw stopping.reason;
    hasTouched = true;
    onHanded?.(effect, clicks);
    if (effect === "read") active.sent.read();
    const onOver = effect === "read" ? undefined : active.sent.handed(effect === "commit");
    const result = await perform().finally(onOver);
    // Playwright takes an action as done when the browser dies under it.
    if (!active.isOpen) await delay(crashNewsMs, { signal });
    signal.throwIfAborted();
    const found = await keepFound(result, fileName, context);
    const screenshot = await recordings.pictureOfAction(facts.actionId, signal);
    const shown = found === undefined ? {} : shownOf(found);
    isCompleted = true;
    actor?.onDid(result.did);
    await complete(result.did, { success: true, ...shown, ...(screenshot && { screenshot }) });
    const arrived = await noteArrival(from, context);
    const trip = checks.takeTrip();
    if (trip !== undefined) throw trip;
    if (facesCaptcha && arrived !== undefined) await faceChallenge(arrived.captcha, place, context);
    await checks.after(step, subject, undefined);
    await recordings.rest(signal);
    return found;
  } catch (thrown) {
    const isGone = !active.isOpen || (thrown instanceof Fault && isTargetGone(thrown.cause));
    if (isGone) await delay(crashNewsMs, { signal }).catch(() => {});
    if (signal.aborted && hasTouched && effect !== "read") throw signal.reason;
    const trip = checks.takeTrip();
    const fault = Fault.from(signal.aborted ? signal.reason : (trip ?? thrown));
    if (trip === undefined && !isCompleted && fault.reason === "GUARDRAIL_BLOCKED") await checks.sayBlocked(fault, facts);
    if (!isCompleted)
      await complete(`Could not ${facts.inputSummary}: ${fault.message}`, {
        success: false,
        error: runErrorOf(fault, context.redact),
        untouched: !hasTouched || (clicking.has(step.action) && isKeptOff(fault.cause)),
      });
    // What a stop cuts off says nothing of what was done.
    if (!stopping.aborted && !signal.aborted) await checks.after(step, subject, fault);
    throw fault;
  }
}

/** Lets an action begin, or says why not; answers its effect. What an agent was refused counts as a failure of it. */
async function admit(
  step: ActingStep,
  facts: ActionFacts,
  effect: StepEffect = effectOf(step),
  actor: Actor | undefined,
  { checks }: StepContext,
): Promise<StepEffect> {
  if (actor === undefined) {
    await checks.before(step, facts);
    return effect;
  }
  let isAdmitted = false;
  try {
    const admitted = await actor.admit(facts.actionId);
    isAdmitted = true;
    await checks.before(step, facts);
    return admitted;
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.reason === "GUARDRAIL_BLOCKED") {
      if (!isAdmitted) await checks.sayBlocked(fault, facts);
      await checks.after(step, actor, fault);
    }
    throw fault;
  }
}

/** Has a challenge on the active page dealt with: see `faceCaptcha`. */
export async function faceChallenge(seen: PageLook["captcha"], place: StepPlace, context: StepContext): Promise<void> {
  await faceCaptcha(seen, { ...context, reopen: (url) => reopen(url, place, context) });
}

/** Opens a page once more, now without its challenge: who asked looks whether it is. */
async function reopen(url: string, place: StepPlace, context: StepContext): Promise<void> {
  const step: ActingStep = {
    action: "goto",
    params: { url },
    description: "Open the page again",
    on_failure: "abort",
    failure_message: "",
  };
  await runAction(step, place, context, { facesCaptcha: false });
}

async function keepFound({ found, value }: ActionResult, fileName: string, { files, redact }: StepContext): Promise<FoundText | undefined> {
  const whole = found ?? (value === undefined ? undefined : redact(JSON.stringify(value)));
  if (whole === undefined) return undefined;
  // Free data: no key of it is a message's own.
  const kept = { whole, value: redact({ data: value ?? whole }).data };
  const resultText = cutBytes(whole, textBytes);
  if (resultText === whole) return { ...kept, resultText, truncated: false };
  const file = { name: `text-${fileName}.txt`, kind: Artifact_Kind.DATA, contentType: "text/plain; charset=utf-8" } as const;
  // Where there is no room for it, a warning at the end says so.
  const resultArtifact = await files.writeWhereFits(file, whole);
  return { ...kept, resultText, truncated: true, ...(resultArtifact !== undefined && { resultArtifact }) };
}

/** What an event carries of what was found. */
export function shownOf({ whole: _whole, value: _value, ...shown }: FoundText): Omit<FoundText, "whole" | "value"> {
  return shown;
}
