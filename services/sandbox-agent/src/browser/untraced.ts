import type { Page } from "playwright";

/** What Playwright's own tools look at pages by, so that a trace shows what was done and nothing else. */
interface KeepsTrace {
  _wrapApiCall<T>(call: () => Promise<T>, options: { readonly internal: true }): Promise<T>;
}

/**
 * Asks a page something that a trace is not about: it is no action in it, and the page is not copied into it before and after, which takes longer than
 * the question. A Playwright that knows of no such thing records it like any other,
 * which `recording/trace.test.ts` tells.
 */
export function untraced<T>(page: Page, ask: () => Promise<T>): Promise<T> {
  return keepsTrace(page) ? page._wrapApiCall(ask, { internal: true }) : ask();
}

function keepsTrace(page: object): page is KeepsTrace {
  return "_wrapApiCall" in page && typeof page._wrapApiCall === "function";
}
