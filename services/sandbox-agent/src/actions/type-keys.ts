import type { ActivePage } from "../browser/active-page.ts";
import type { FoundElement } from "./find-element.ts";
import type { CallOptions } from "./in-browser.ts";

/** How many characters are typed before the signal is looked at again: what is typed cannot be called back. */
const atOnce = 5;

/** Presses a key or a combination, in an element or where the focus is. */
export async function pressKey(key: string, element: FoundElement | undefined, active: ActivePage, options: CallOptions): Promise<void> {
  if (element !== undefined) return await element.locator.press(key, options);
  const page = await active.settled(options.signal);
  await page.keyboard.press(key);
}

/** Types a text where the focus is, key by key. */
export async function typeKeys(text: string, active: ActivePage, signal: AbortSignal): Promise<void> {
  const { keyboard } = await active.settled(signal);
  const characters = [...text];
  for (let at = 0; at < characters.length; at += atOnce) {
    signal.throwIfAborted();
    await keyboard.type(characters.slice(at, at + atOnce).join(""));
  }
}
