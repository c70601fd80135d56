import { publicAddress } from "../browser/address.ts";
import type { ActionContext } from "./action.ts";
import { playwrightFault } from "./playwright-fault.ts";

/** What Playwright's calls take: a limit in milliseconds, and what ends them at once. */
export interface CallOptions {
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/**
 * Has the browser do something, within a time and until the signal aborts. Rejects with the signal's reason, or with a Fault that says what was
 * being done, such as `The click on button 'Save'`, why it was not, and on which page.
 */
export async function inBrowser<T>(
  what: string,
  timeout: number,
  { active, signal, redact }: Pick<ActionContext, "active" | "signal" | "redact">,
  act: (options: CallOptions) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  try {
    return await act({ timeout, signal });
  } catch (thrown) {
    signal.throwIfAborted();
    throw playwrightFault(thrown, what, timeout, redact, publicAddress(redact(active.url)));
  }
}
