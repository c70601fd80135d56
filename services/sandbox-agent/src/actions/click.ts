import type { StepOf } from "@clew/playbook/playbook-schema";
import type { PrepareAction } from "./action.ts";
import { findElement } from "./find-element.ts";
import { playwrightFault } from "./playwright-fault.ts";
import { timeouts } from "./timeouts.ts";

/** Clicks an element; a navigation it begins has committed when it ends. */
export const click: PrepareAction<StepOf<"click">> = async (step, context) => {
  const { signal, redact } = context;
  const timeout = step.params.timeout_ms ?? timeouts.action;
  const { locator, words } = await findElement(step.selector, context);
  return async () => {
    await locator.click({ timeout, signal }).catch((thrown: unknown) => {
      signal.throwIfAborted();
      throw playwrightFault(thrown, "The click", timeout, redact);
    });
    return { did: `Clicked ${words}` };
  };
};
