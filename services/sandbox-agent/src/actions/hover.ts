import type { StepOf } from "@clew/playbook/playbook-schema";
import type { PrepareAction } from "./action.ts";
import { findElement } from "./find-element.ts";
import { inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";

/** Moves the mouse over an element, and leaves it there. */
export const hover: PrepareAction<StepOf<"hover">> = async (step, context) => {
  const { locator, words } = await findElement(step.selector, context);
  return async () => {
    await inBrowser(`Hovering over ${words}`, step.params.timeout_ms ?? timeouts.action, context, (options) => locator.hover(options));
    return { did: `Hovered over ${words}` };
  };
};
