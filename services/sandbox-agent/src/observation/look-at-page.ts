import type { Page } from "playwright";
import type { InPageReads } from "./in-page.ts";
import { readOne } from "./reader.ts";

/** What a page is at a glance. */
export type PageLook = InPageReads["page"];

const lookMs = 5_000;

/** Looks at a page, in one round trip, and touches nothing. Of one that goes away under the look nothing is known. */
export async function lookAtPage(page: Page, signal: AbortSignal): Promise<PageLook> {
  try {
    return await readOne(page.locator(":root"), "page", { timeout: lookMs, signal });
  } catch {
    signal.throwIfAborted();
    return { title: "", captcha: "unknown" };
  }
}
