import type { Page } from "playwright";
import { type Field, runOn } from "../actions/bound-field.ts";
import type { CallOptions } from "../actions/in-browser.ts";
import { findFocus } from "../browser/find-focus.ts";

/** Has a field show dots for what is typed, as password fields do. To be called before a secret is typed there: videos and the trace's pictures show pixels. */
export async function conceal(field: Field, options: CallOptions): Promise<void> {
  await runOn(field, showDots, options);
}

/** Does the same for whatever has the focus. Its caller bounds it: a frame that hangs never answers. */
export async function concealFocused(page: Page): Promise<void> {
  await using focus = await findFocus(page);
  await focus.element?.evaluate(showDots);
}

/** Runs in the page. */
function showDots(element: Node): void {
  const field = element instanceof HTMLLabelElement ? (element.control ?? element) : element;
  if (!(field instanceof HTMLElement) || field === document.body) return;
  field.style.setProperty("-webkit-text-security", "disc", "important");
}
