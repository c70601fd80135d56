import type { Frame, JSHandle, Locator, Page } from "playwright";
import type { CallOptions } from "../actions/in-browser.ts";

/** Has a field show dots for what is typed, as password fields do. To be called before a secret is typed there: videos and the trace's pictures show pixels. */
export async function conceal(field: Locator, options: CallOptions): Promise<void> {
  await field.evaluate(showDots, undefined, options);
}

/** Does the same for whatever has the focus, in whichever frame or open shadow root. Its caller bounds it: a frame that hangs never answers. */
export async function concealFocused(page: Page): Promise<void> {
  for (let frame: Frame | null = page.mainFrame(); frame !== null; ) {
    const answer: JSHandle<Element | null> = await frame.evaluateHandle(findFocused);
    const focused = answer.asElement();
    // Only the frame that has the focus is asked: another one may hang.
    frame = (await focused?.contentFrame()) ?? null;
    if (frame === null) await focused?.evaluate(showDots);
    await answer.dispose();
  }
}

/** Runs in the page. */
function findFocused(): Element | null {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}

/** Runs in the page. */
function showDots(element: Element): void {
  const field = element instanceof HTMLLabelElement ? (element.control ?? element) : element;
  if (!(field instanceof HTMLElement) || field === document.body) return;
  field.style.setProperty("-webkit-text-security", "disc", "important");
}
