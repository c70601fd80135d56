import type { StepOf } from "@clew/playbook/playbook-schema";
import { observe } from "../observation/observe.ts";
import type { PrepareAction } from "./action.ts";
import { findElement } from "./find-element.ts";
import { inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";

/** What a look takes at most unless the step says otherwise. */
const usualChars = 4_000;

/** Looks at the page, or at one element of it, as assistive technology knows it, within a budget of characters. */
export const getDom: PrepareAction<StepOf<"get_dom">> = async (step, context) => {
  const { max_chars: maxChars = usualChars, depth, find, changes } = step.params;
  const element = step.selector === undefined ? undefined : await findElement(step.selector, context);
  return () =>
    inBrowser("Looking at the page", timeouts.action, context, async (options) => {
      const page = element?.page ?? (await context.active.settled(context.signal));
      const { text, shown, total } = await observe(page, {
        ...options,
        isTraced: true,
        maxChars,
        depth,
        find,
        changes,
        within: element?.locator,
        redact: context.redact,
        filterNodes: context.filterNodes,
      });
      return { did: `Looked at ${element?.words ?? "the page"}: ${shown} of ${total} lines`, found: text };
    });
};
