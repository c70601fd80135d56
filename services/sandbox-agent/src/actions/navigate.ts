import { errors, type Page } from "playwright";
import type { CallOptions } from "./in-browser.ts";
import { within } from "./within.ts";

const stopLoadingMs = 1_000;

/** Has a page go somewhere. One that is given up, since its time is over or the signal aborts, is given up by the browser too: it would answer nothing else. */
export async function navigate<T>(page: Page, { signal }: Pick<CallOptions, "signal">, go: () => Promise<T>): Promise<T> {
  try {
    return await go();
  } catch (thrown) {
    if (!signal.aborted && !(thrown instanceof errors.TimeoutError)) throw thrown;
    const stopping = stopLoading(page);
    // Whoever stops waits for nothing.
    if (!signal.aborted) await stopping;
    throw thrown;
  }
}

async function stopLoading(page: Page): Promise<void> {
  const ask = async () => {
    const session = await page.context().newCDPSession(page);
    await session.send("Page.stopLoading");
    await session.detach();
  };
  // The page may be gone, or hang.
  await within(ask(), stopLoadingMs, new AbortController().signal).catch(() => {});
}
