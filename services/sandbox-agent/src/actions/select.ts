import type { StepOf } from "@clew/playbook/playbook-schema";
import type { PrepareAction } from "./action.ts";
import { findElement } from "./find-element.ts";
import { playwrightFault } from "./playwright-fault.ts";
import { timeouts } from "./timeouts.ts";

/** Chooses an option of a list, by its value or its label. */
export const select: PrepareAction<StepOf<"select">> = async (step, context) => {
  const { signal, redact } = context;
  const timeout = step.params.timeout_ms ?? timeouts.action;
  const { locator, words } = await findElement(step.selector, context);
  return async () => {
    await locator.selectOption(step.params.value, { timeout, signal }).catch((thrown: unknown) => {
      signal.throwIfAborted();
      throw playwrightFault(thrown, "Choosing the option", timeout, redact);
    });
    return { did: `Chose an option of ${words}` };
  };
};
