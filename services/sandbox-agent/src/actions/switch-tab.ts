import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import type { PrepareAction } from "./action.ts";
import { inBrowser } from "./in-browser.ts";
import { findTab, tabWords } from "./tabs.ts";
import { timeouts } from "./timeouts.ts";

/** Acts on another tab from now on: the one that is named, or the other one where there are two. */
export const switchTab: PrepareAction<StepOf<"switch_tab">> = async (step, context) => {
  const { active } = context;
  const isNamed = Object.values(step.params).some((value) => value !== undefined);
  return async () => {
    const others = active.pages.filter((page) => page !== active.page);
    if (!isNamed && others.length !== 1)
      throw new Fault("ACTION_FAILED", {
        message: `There are ${others.length} other tabs: say which, by url_contains, title_contains or index.`,
      });
    const page = isNamed ? await findTab(step.params, context) : others[0];
    if (page === undefined) throw new Fault("ACTION_FAILED", { message: "The tab closed meanwhile." });
    await inBrowser("Switching to the tab", timeouts.action, context, () => active.switchTo(page));
    return { did: `Switched to ${await tabWords(page, context)}` };
  };
};
