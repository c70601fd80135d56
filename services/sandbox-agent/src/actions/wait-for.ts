import { Fault } from "@clew/fault/fault";
import type { PlaybookSelector, StepOf } from "@clew/playbook/playbook-schema";
import { abortable } from "@clew/streams/abortable";
import { linkSignals } from "@clew/streams/linked-signal";
import { errors, type Locator, type Page } from "playwright";
import type { ActivePage } from "../browser/active-page.ts";
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
    await inBrowser("Waiting", timeout, context, (options) => waitOnActive(active, step.selector, state, options)).catch(
      async (thrown: unknown) => {
        if (!(thrown instanceof Fault) || thrown.reason !== "ACTION_TIMED_OUT") throw thrown;
        const isWanted = state === "visible" || state === "attached";
        const instead = isWanted ? await explainMissing(active.page, step.selector, context) : ".";
        signal.throwIfAborted();
        throw new Fault("ACTION_TIMED_OUT", {
          message: `${words} did not become ${state} within ${timeout / 1_000} s${instead}`,
          cause: thrown.cause,
        });
      },
    );
    return { did: `Waited until ${words} was ${state}` };
  };
};

/** Waits on the page that is acted on; and when another one takes its place, such as a popup, on that. */
async function waitOnActive(active: ActivePage, selector: PlaybookSelector, state: State, { timeout, signal }: CallOptions): Promise<void> {
  const deadline = performance.now() + timeout;
  for (let isOver = false; !isOver; ) {
    const page = await active.settled(signal);
    using link = linkSignals(signal);
    const matches = candidatesOf(selector).map((candidate) => toLocator(page, candidate));
    const left = Math.max(1, deadline - performance.now());
    const waiting = waitUntil(matches, state, { timeout: left, signal: link.signal });
    const replaced = untilReplaced(active, page, link.signal);
    isOver = await Promise.race([waiting.then(() => true), replaced.then(() => false)]).finally(() => {
      link.abort();
      // The one that lost is no longer of interest.
      void Promise.allSettled([waiting, replaced]);
    });
  }
}

async function untilReplaced(active: ActivePage, page: Page, signal: AbortSignal): Promise<void> {
  while (active.isOpen && active.page === page) await abortable(active.changed, signal);
}

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
