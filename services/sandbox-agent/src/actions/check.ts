import type { StepOf } from "@clew/playbook/playbook-schema";
import type { PrepareAction } from "./action.ts";
import { findElement } from "./find-element.ts";
import { inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";

/** Has a checkbox, a radio button or a switch be checked, or not; one that is so already is left alone. */
export const check: PrepareAction<StepOf<"check">> = async (step, context) => {
  const { checked, timeout_ms: timeout = timeouts.action } = step.params;
  const { locator, words } = await findElement(step.selector, context);
  return async () => {
    const what = `${checked ? "Checking" : "Unchecking"} ${words}`;
    await inBrowser(what, timeout, context, (options) => locator.setChecked(checked, options));
    return { did: `${checked ? "Checked" : "Unchecked"} ${words}` };
  };
};
