import type { StepOf } from "@clew/playbook/playbook-schema";
import type { PrepareAction } from "./action.ts";
import { checkKey } from "./check-key.ts";
import { findElement } from "./find-element.ts";
import { inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";
import { pressKey } from "./type-keys.ts";

/** Presses a key, or a combination such as `Control+A`: in an element where the step names one, otherwise where the focus is. */
export const press: PrepareAction<StepOf<"press">> = async (step, context) => {
  const { key, timeout_ms: timeout = timeouts.action } = step.params;
  const element = step.selector === undefined ? undefined : await findElement(step.selector, context);
  return async () => {
    await checkKey(key, element, context);
    const where = element === undefined ? "" : ` in ${element.words}`;
    await inBrowser(`Pressing ${key}${where}`, timeout, context, (options) => pressKey(key, element, context.active, options));
    return { did: `Pressed ${key}${where}` };
  };
};
