import type { Page } from "playwright";
import type { ActivePage } from "../browser/active-page.ts";
import { settledFocus } from "../browser/settled-focus.ts";
import type { TypeBound } from "./bound-field.ts";
import type { FoundElement } from "./find-element.ts";
import type { CallOptions } from "./in-browser.ts";

/** How many characters are typed before the signal is looked at again: what is typed cannot be called back. */
const atOnce = 5;

/** Presses a key or a combination, in an element or where the focus is. */
export async function pressKey(key: string, element: FoundElement | undefined, active: ActivePage, options: CallOptions): Promise<void> {
  if (element !== undefined) return await element.locator.press(key, options);
  const page = await settledFocus(active, options.signal);
  await page.keyboard.press(key);
}

/** Types a text where the focus is, key by key; or character by character, where that is somebody's to do. */
export async function typeKeys(text: string, page: Page, signal: AbortSignal, typeBound?: TypeBound): Promise<void> {
  const characters = [...text];
  const count = typeBound === undefined ? atOnce : 1;
  for (let at = 0; at < characters.length; at += count) {
    signal.throwIfAborted();
    const typed = characters.slice(at, at + count).join("");
    await (typeBound?.(page, typed) ?? page.keyboard.type(typed));
  }
}
