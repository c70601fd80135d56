import { type Browser, chromium } from "playwright";

/** A browser for the tests of one file; each test makes a context of its own. */
export interface BrowserRoom extends AsyncDisposable {
  readonly browser: Browser;
}

/** Launches the browser. */
export async function openBrowserRoom(): Promise<BrowserRoom> {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", chromiumSandbox: process.getuid?.() !== 0 });
  return { browser, [Symbol.asyncDispose]: () => browser.close() };
}
