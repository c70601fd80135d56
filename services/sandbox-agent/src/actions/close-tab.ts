import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import type { PrepareAction } from "./action.ts";
import { inBrowser } from "./in-browser.ts";
import { findTab, tabWords } from "./tabs.ts";
import { timeouts } from "./timeouts.ts";

/** Closes a tab, the one that is acted on unless another is named; never the last. */
export const closeTab: PrepareAction<StepOf<"close_tab">> = async (step, context) => {
  const { active } = context;
  const isNamed = Object.values(step.params).some((value) => value !== undefined);
  return async () => {
    const page = isNamed ? await findTab(step.params, context) : active.page;
    if (active.pages.length === 1)
      throw new Fault("ACTION_FAILED", { message: "The last tab cannot be closed: there would be nothing left to act on." });
    const words = await tabWords(page, context);
    await inBrowser("Closing the tab", timeouts.action, context, () => page.close());
    return { did: `Closed ${words}` };
  };
};
