import type { ElementHandle, Frame, Page } from "playwright";
import { untraced } from "./untraced.ts";

/** What has the focus, and the frame it is in; a document's body where nothing else has it. */
export interface Focus extends AsyncDisposable {
  readonly frame: Frame;
  readonly element: ElementHandle | null;
}

/** Finds what has the focus, in whichever frame or open shadow root. Its caller disposes it, and bounds it: a frame that hangs never answers. */
export function findFocus(page: Page): Promise<Focus> {
  return untraced(page, () => followFocus(page));
}

async function followFocus(page: Page): Promise<Focus> {
  // Only frames that have the focus are asked: another one may hang.
  for (let frame = page.mainFrame(); ; ) {
    const answer = await frame.evaluateHandle(activeElement);
    const element = answer.asElement();
    const inner = await element?.contentFrame();
    if (!inner) return { frame, element, [Symbol.asyncDispose]: () => answer.dispose() };
    await answer.dispose();
    frame = inner;
  }
}

/** Runs in the page. */
function activeElement(): Element | null {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}
