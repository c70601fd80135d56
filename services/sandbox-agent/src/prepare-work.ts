import type { BrowserSession } from "./browser/browser-session.ts";
import { usualPage } from "./browser/page-options.ts";
import { NavigationWatch } from "./guardrails/check-navigations.ts";
import { readyTrace } from "./recording/trace.ts";

/** Begins ahead what work as most runs want it begins with: a page is opened and ready to be traced, and its navigations are held up for whoever will judge them. */
export function prepareWork(browser: BrowserSession): void {
  browser.prepare(usualPage, ({ context }) => readyTrace(context));
  void NavigationWatch.ready(browser.chromium).catch(() => {});
}
