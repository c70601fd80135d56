import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import { linkSignals } from "@clew/streams/linked-signal";
import { errors, type Locator } from "playwright";
import type { PrepareAction } from "./action.ts";
import { candidatesOf, triedWords } from "./describe-selector.ts";
import { explainMissing } from "./explain-missing.ts";
import { type CallOptions, inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";
import { toLocator } from "./to-locator.ts";

type State = StepOf<"wait_for">["params"]["state"];

/** Waits until an element is there or shows (any of the selector's candidates), or until it is gone or hidden (all of them). */
export const waitFor: PrepareAction<StepOf<"wait_for">> = async (step, context) => {
  const { active, signal, redact } = context;
  const { state, timeout_ms: timeout = timeouts.action } = step.params;
  const words = redact(step.selector.description) || triedWords(step.selector, redact).replace(/^tried /, "");
  return async () => {
    const page = await active.settled(signal);
    const matches = candidatesOf(step.selector).map((candidate) => toLocator(page, candidate));
    await inBrowser("Waiting", timeout, context, (options) => waitUntil(matches, state, options)).catch(async (thrown: unknown) => {
      if (!(thrown instanceof Fault) || thrown.reason !== "ACTION_TIMED_OUT") throw thrown;
      const isWanted = state === "visible" || state === "attached";
      const instead = isWanted ? await explainMissing(page, step.selector, context) : ".";
      signal.throwIfAborted();
      throw new Fault("ACTION_TIMED_OUT", {
        message: `${words} did not become ${state} within ${timeout / 1_000} s${instead}`,
        cause: thrown.cause,
      });
    });
    return { did: `Waited until ${words} was ${state}` };
  };
};

async function waitUntil(matches: readonly Locator[], state: State, { timeout, signal }: CallOptions): Promise<void> {
  const isShown = state === "visible" || state === "hidden";
  const looked = matches.map((locator) => (isShown ? locator.filter({ visible: true }) : locator).first());
  if (state === "hidden" || state === "detached") {
    await Promise.all(looked.map((locator) => locator.waitFor({ state, timeout, signal })));
    return;
  }
  using link = linkSignals(signal);
  try {
    await Promise.any(looked.map((locator) => locator.waitFor({ state, timeout, signal: link.signal })));
  } catch (thrown) {
    const each: readonly unknown[] = thrown instanceof AggregateError ? thrown.errors : [thrown];
    throw each.find((error) => !(error instanceof errors.TimeoutError)) ?? each[0];
  } finally {
    link.abort();
  }
}
