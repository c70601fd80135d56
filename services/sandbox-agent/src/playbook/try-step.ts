import { Fault } from "@clew/fault/fault";
import type { ActingStep } from "@clew/playbook/playbook-schema";
import { effectOfPart } from "@clew/playbook/step-effect";
import { delay } from "@clew/streams/delay";
import type { JsonValue } from "../actions/action.ts";
import { challengeBehind } from "../captcha/challenge-behind.ts";
import type { authorWords } from "../guardrails/author-words.ts";
import { type HandedAction, mayRetry } from "./may-retry.ts";
import { type FoundText, faceChallenge, runAction } from "./run-action.ts";
import type { StepContext } from "./step-context.ts";
import { fileNameOf, type StepPlace } from "./step-place.ts";
import { storableValue } from "./store-value.ts";
import { verify } from "./verify.ts";

/** What a step that acts brought. */
export interface StepYield {
  /** What its actions found, in order. */
  readonly found: readonly FoundText[];
  /** What is kept under its `store_as`. */
  readonly value: JsonValue;
}

type AuthorWords = ReturnType<typeof authorWords>;

const retryDelayMs = 1_000;

/**
 * Acts, verifies, and reads the value to be kept; once more after a second where `mayRetry` says so. Rejects with what failed, both times.
 *
 * @param words what the author says of each of its actions.
 */
export async function tryStep(step: ActingStep, words: AuthorWords, place: StepPlace, context: StepContext): Promise<StepYield> {
  const handed: HandedAction[] = [];
  let unchallenged: unknown;
  const onUnchallenged = (failure: unknown) => {
    unchallenged = failure;
  };
  try {
    return await tryOnce(step, words, place, context, handed, onUnchallenged);
  } catch (thrown) {
    const { signal, stopping } = context;
    const first = Fault.from(thrown);
    if (signal.aborted || stopping.aborted) throw first;
    const challenge = first === unchallenged ? undefined : await challengeBehind(first, context);
    if (challenge !== undefined) await faceChallenge(challenge, place, context);
    // What only looked for what a challenge hid looks again, whatever the policy.
    const onlyLooked = challenge !== undefined && handed.every(({ effect }) => effect === "read");
    if (!onlyLooked && !mayRetry(step, handed, first)) throw first;
    await delay(retryDelayMs, { signal: stopping }).catch(() => {
      throw first;
    });
    return await tryOnce(step, words, place, context, handed).catch((again: unknown) => {
      throw combined(first, Fault.from(again));
    });
  }
}

async function tryOnce(
  step: ActingStep,
  words: AuthorWords,
  place: StepPlace,
  context: StepContext,
  handed: HandedAction[],
  onUnchallenged?: (failure: unknown) => void,
): Promise<StepYield> {
  const found: FoundText[] = [];
  const parts = partsOf(step);
  for (const [index, part] of parts.entries()) {
    context.stopping.throwIfAborted();
    const text = await runAction(part, place, context, {
      ...(parts.length > 1 && { fileName: `${fileNameOf(place)}-${index + 1}` }),
      effect: effectOfPart(step, part),
      authorWords: words[index] ?? [],
      onHanded: (effect, clicks) => handed.push({ step: part, effect, clicks }),
      ...(onUnchallenged && { onUnchallenged }),
    });
    if (text !== undefined) found.push(text);
  }
  if (step.verify !== undefined) await verify(step.verify, context);
  return { found, value: storableValue(step, found.at(-1)) };
}

/** The actions of a sequence, or the step itself. */
function partsOf(step: ActingStep): readonly ActingStep[] {
  if (step.action !== "execute_sequence") return [step];
  return step.steps.map((action): ActingStep => ({ ...action, description: "", on_failure: "abort", failure_message: "" }));
}

/** The later failure, with the words of the first where those were others. */
function combined(first: Fault, again: Fault): Fault {
  if (first.message === again.message) return again;
  return new Fault(again.reason, { message: `${again.message} Before that: ${first.message}`, details: again.details, cause: again });
}
