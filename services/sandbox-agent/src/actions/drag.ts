import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import type { PrepareAction } from "./action.ts";
import { findElement } from "./find-element.ts";
import { inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";

/** How many moves the mouse makes on its way: what follows the pointer wants to see it come. */
const moves = 12;

/** Drags an element to the middle of another one in the same frame, with the mouse. */
export const drag: PrepareAction<StepOf<"drag">> = async (step, context) => {
  const { to, timeout_ms: timeout = timeouts.action } = step.params;
  const source = await findElement(step.selector, context);
  const target = await findElement(to, context);
  if (source.frame.join(" > ") !== target.frame.join(" > "))
    throw new Fault("ACTION_FAILED", { message: `${source.words} cannot be dragged to ${target.words}: they are in different frames.` });
  return async () => {
    await inBrowser(`Dragging ${source.words} to ${target.words}`, timeout, context, (options) =>
      source.locator.dragTo(target.locator, { steps: moves, ...options }),
    );
    return { did: `Dragged ${source.words} to ${target.words}` };
  };
};
