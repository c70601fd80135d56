import { findFocus } from "../browser/find-focus.ts";
import { settledFocus } from "../browser/settled-focus.ts";
import { untraced } from "../browser/untraced.ts";
import { readEach } from "../observation/reader.ts";
import type { ActionContext } from "./action.ts";
import type { FoundElement } from "./find-element.ts";
import { inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";

/** Keys that click what has the focus. */
const clicking = /(?:^|\+)(?:Enter|NumpadEnter|Space| )$/;

/** Refuses a key that would click what may not be clicked: in an element, or where the focus is. */
export async function checkKey(key: string, element: FoundElement | undefined, context: ActionContext): Promise<void> {
  const { active, checkClick } = context;
  if (checkClick === undefined || !clicking.test(key)) return;
  if (element !== undefined) {
    checkClick(element.labels);
    return;
  }
  const labels = await inBrowser("Looking at what has the focus", timeouts.action, context, async (options) => {
    const page = await settledFocus(active, options.signal);
    await using focus = await findFocus(page);
    const focused = focus.frame.locator("*:focus");
    if ((await untraced(page, () => focused.count())) === 0) return [];
    return (await readEach(focused, "target", options)).flatMap((target) => target.labels);
  });
  checkClick(labels);
}
