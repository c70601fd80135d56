import type { StepOf } from "@clew/playbook/playbook-schema";
import type { PrepareAction } from "./action.ts";
import { findElement } from "./find-element.ts";
import { inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";

/** Clicks an element, with any button, once or more often; a navigation it begins has committed when it ends. */
export const click: PrepareAction<StepOf<"click">> = async (step, context) => {
  const { button = "left", count = 1, modifiers = [], timeout_ms: timeout = timeouts.action } = step.params;
  const { locator, words, labels } = await findElement(step.selector, context);
  context.checkClick?.(labels);
  const how = [
    ...(button === "left" ? [] : [`with the ${button} button`]),
    ...(count === 1 ? [] : [`${count} times`]),
    ...(modifiers.length === 0 ? [] : [`holding ${modifiers.join(" and ")}`]),
  ];
  return async () => {
    await inBrowser(`The click on ${words}`, timeout, context, (options) =>
      locator.click({ button, clickCount: count, modifiers, ...options }),
    );
    return { did: ["Clicked", words, ...how].join(" ") };
  };
};
