import type { Page } from "playwright";
import { within } from "../actions/within.ts";
import type { ActivePage } from "./active-page.ts";
import { untraced } from "./untraced.ts";

/** Milliseconds a page has to draw: one in the background, or that hangs, does not. */
const drawnMs = 250;

/**
 * Answers the page to act on once no navigation is under way and `autofocus` has had its effect: a document is there before it has been drawn, and only
 * then what asks for the focus is given it (HTML, "flush autofocus candidates"). Keys would go to nobody before.
 */
export async function settledFocus(active: Pick<ActivePage, "settled">, signal: AbortSignal): Promise<Page> {
  const page = await active.settled(signal);
  await within(
    untraced(page, () => page.evaluate(drawn)),
    drawnMs,
    signal,
  ).catch(() => signal.throwIfAborted());
  return page;
}

/** Runs in the page. Settles once it has been drawn, where nothing has the focus and something asks for it. */
function drawn(): Promise<void> | undefined {
  const isFocused = document.activeElement !== null && document.activeElement !== document.body;
  if (isFocused || document.querySelector("[autofocus]") === null) return undefined;
  return new Promise((resolve) => requestAnimationFrame(() => resolve()));
}
