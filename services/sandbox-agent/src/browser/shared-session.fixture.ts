import type { ActivePage } from "./active-page.ts";
import type { BrowserSession } from "./browser-session.ts";

/** The same browser for one run: what it opened is closed when it is disposed, and no more. */
export function sharedSession(browser: BrowserSession): BrowserSession {
  const pages: ActivePage[] = [];
  return {
    ...browser,
    async openPage(options) {
      const page = await browser.openPage(options);
      pages.push(page);
      return page;
    },
    async [Symbol.asyncDispose]() {
      for (const page of pages.splice(0)) await page[Symbol.asyncDispose]();
    },
  };
}
