import { delay } from "@clew/streams/delay";
import type { Page, PageScreenshotOptions } from "playwright";

/** How often it is tried, and milliseconds between. */
const tries = 10;
const pauseMs = 50;

/**
 * Takes a screenshot. A browser that is busy has nothing to show of a page that has just come, and says that it is unable to: it is asked up to 10 times. Rejects as Playwright does.
 */
export async function capture(page: Page, options: PageScreenshotOptions): Promise<Buffer> {
  for (let left = tries - 1; ; left--) {
    try {
      return await page.screenshot(options);
    } catch (thrown) {
      const isUnready = thrown instanceof Error && thrown.message.includes("Unable to capture screenshot");
      if (!isUnready || left === 0) throw thrown;
      await delay(pauseMs, { signal: options.signal });
    }
  }
}
