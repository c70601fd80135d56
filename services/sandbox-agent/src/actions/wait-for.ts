import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import { describeCandidate } from "@clew/playbook/schema/candidate";
import { errors } from "playwright";
import type { PrepareAction } from "./action.ts";
import { playwrightFault } from "./playwright-fault.ts";
import { timeouts } from "./timeouts.ts";
import { toLocator } from "./to-locator.ts";

/** Waits until an element is there or shows (any of the selector's candidates), or until it is gone or hidden (all of them). */
export const waitFor: PrepareAction<StepOf<"wait_for">> = async (step, { active, signal, redact }) => {
  const { state, timeout_ms: timeout = timeouts.action } = step.params;
  const words = step.selector.description || `'${describeCandidate(step.selector.primary)}'`;
  return async () => {
    const page = await active.settled(signal);
    const candidates = [step.selector.primary, ...step.selector.fallbacks].map((candidate) => toLocator(page, candidate));
    try {
      if (state === "visible" || state === "attached") {
        const [first, ...others] = candidates;
        const any = others.reduce((all, other) => all?.or(other), first);
        await (state === "visible" ? any?.filter({ visible: true }) : any)?.first().waitFor({ state, timeout, signal });
      } else {
        await Promise.all(
          candidates.map((locator) =>
            (state === "hidden" ? locator.filter({ visible: true }) : locator).first().waitFor({ state, timeout, signal }),
          ),
        );
      }
    } catch (thrown) {
      signal.throwIfAborted();
      if (thrown instanceof errors.TimeoutError) {
        throw new Fault("ACTION_TIMED_OUT", { message: `${words} did not become ${state} within ${timeout / 1_000} s.`, cause: thrown });
      }
      throw playwrightFault(thrown, "Waiting", timeout, redact);
    }
    return { did: `Waited until ${words} was ${state}` };
  };
};
