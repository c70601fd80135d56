import { Fault } from "@clew/fault/fault";
import type { ActingStep } from "@clew/playbook/playbook-schema";
import type { StepEffect } from "@clew/playbook/step-actions";
import { effectOf } from "@clew/playbook/step-effect";
import { publicAddress } from "../browser/address.ts";
import { blockedFault } from "../guardrails/guardrail-block.ts";
import { type Actor, type FoundText, runAction } from "../playbook/run-action.ts";
import type { StepContext } from "../playbook/step-context.ts";
import type { StepPlace } from "../playbook/step-place.ts";
import type { AgentScope, ProposedAction } from "./agent-scope.ts";
import { closeRefused, type PageView } from "./page-view.ts";
import { candidateOf, type WrittenCandidate } from "./proposal/semantic-candidate.ts";
import type { ViewedElement } from "./viewed-element.ts";

/** An action that an agent did, or tried. */
export interface Deed {
  readonly step: ActingStep;
  readonly effect: StepEffect;
  /** By what the element can be found again; undefined where it acted on none, or there is nothing. */
  readonly foundBy: WrittenCandidate | undefined;
  /** The same of what it was dragged to. */
  readonly target: WrittenCandidate | undefined;
  /** The page it was done on. */
  readonly url: string;
  readonly found: FoundText | undefined;
  /** What it did, in a sentence, and what the page did by itself; empty where it failed. */
  readonly did: string;
  /** Why it was not done, or not known to be. */
  readonly failure: Fault | undefined;
}

/** What acting for an agent needs. */
export interface ActingRoom {
  readonly scope: AgentScope;
  readonly place: StepPlace;
  readonly context: StepContext;
  readonly view: PageView;
}

/**
 * Does what a model wants done, as a playbook's step would do it, where the scope and the guardrails allow it. What fails is told in the deed.
 *
 * @throws Fault where the run may not go on, or the signal's reason.
 */
export async function performCall(
  { step, element }: { readonly step: ActingStep; readonly element: ViewedElement | undefined },
  { scope, place, context, view }: ActingRoom,
): Promise<Deed> {
  const { active, checks, log, signal, stopping } = context;
  const proposed: Omit<ProposedAction, "actionId"> = { step, effect: effectOf(step), element: element?.node, url: active.url };
  let effect = proposed.effect;
  let did = "";
  const admit = async (actionId: string): Promise<StepEffect> => {
    const verdict = await scope.checkBefore({ ...proposed, actionId }, signal);
    if ("block" in verdict) throw blockedFault(verdict.block);
    effect = verdict.effect;
    return effect;
  };
  const target = step.action === "drag" ? view.elements.get(step.params.to.primary.value.replace("aria-ref=", "")) : undefined;
  const findAgain = (found: ViewedElement | undefined) => found && candidateOf(found, view.nodes);
  const deed = { step, foundBy: findAgain(element), target: findAgain(target), url: publicAddress(proposed.url) };
  try {
    const onDid = (said: string) => {
      did = said;
    };
    const actor: Actor = { tool: "agent", pageState: view.fingerprint, admit, onDid };
    const found = await runAction(step, place, { ...context, filterNodes: scope.filterNodes }, { actor, authorWords: [] });
    const strayed = scope.judgePage(active.url);
    if (strayed !== undefined) {
      await closeRefused(active);
      throw blockedFault(strayed);
    }
    return { ...deed, effect, found, did, failure: undefined };
  } catch (thrown) {
    const failure = Fault.from(signal.aborted ? signal.reason : thrown);
    if (signal.aborted || stopping.aborted || checks.guard.end !== undefined || !mayGoOn(failure)) throw failure;
    if (failure.reason === "INTERNAL") log.error({ err: thrown, tool: step.action }, "an agent's action failed unexpectedly");
    return { ...deed, effect, found: undefined, did: "", failure };
  }
}

const ends: ReadonlySet<string> = new Set(["BROWSER_CRASHED", "BUDGET_EXCEEDED", "CAPTCHA_FAILED", "CASSETTE_MISMATCH", "TERMINATED"]);

/** Whether an agent may try something else after this. */
function mayGoOn({ reason }: Fault): boolean {
  return !ends.has(reason);
}
