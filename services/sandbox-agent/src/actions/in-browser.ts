import { abortable } from "@clew/streams/abortable";
import { linkSignals } from "@clew/streams/linked-signal";
import { errors } from "playwright";
import { publicAddress } from "../browser/address.ts";
import type { ActionContext } from "./action.ts";
import { playwrightFault } from "./playwright-fault.ts";

/** What Playwright's calls take: a limit in milliseconds, and what ends them at once. */
export interface CallOptions {
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** How much later than Playwright's own limits all ends, in milliseconds: those say why. */
const graceMs = 2_000;

/**
 * Has the browser do something, within a time and until the signal aborts, whatever of it knows of neither: a page that hangs answers nothing. What is
 * left of it then sees the signal it was given abort. Rejects with the signal's reason, or with a Fault that says what was being done, such as
 * `The click on button 'Save'`, why it was not, and on which page.
 */
export async function inBrowser<T>(
  what: string,
  timeout: number,
  { active, signal, redact }: Pick<ActionContext, "active" | "signal" | "redact">,
  act: (options: CallOptions) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  using link = linkSignals(signal);
  const timer = setTimeout(() => link.abort(new errors.TimeoutError("The browser did not answer.")), timeout + graceMs);
  try {
    return await abortable(act({ timeout, signal: link.signal }), link.signal);
  } catch (thrown) {
    signal.throwIfAborted();
    throw playwrightFault(thrown, what, timeout, redact, publicAddress(redact(active.url)));
  } finally {
    clearTimeout(timer);
  }
}
