import { Fault } from "@clew/fault/fault";
import { abortable } from "@clew/streams/abortable";
import { linkSignals } from "@clew/streams/linked-signal";

/** How long a page may leave all looks together unanswered, in milliseconds. */
const usualMs = 5_000;

/** How long a look may take, in milliseconds, and what ends it. */
interface LookOptions {
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/**
 * The time that all looks share which are taken at a page once something failed on it: one that hangs answers none of them, and nobody waits for each anew.
 * Only what is not answered uses it up.
 */
export class LastLooks {
  readonly #wholeMs: number;
  #leftMs: number;

  constructor(wholeMs = usualMs) {
    this.#wholeMs = wholeMs;
    this.#leftMs = wholeMs;
  }

  /** Begins anew, for another try. */
  renew(): void {
    this.#leftMs = this.#wholeMs;
  }

  /**
   * Settles as the look does, or rejects with ACTION_TIMED_OUT once it took `mostMs` milliseconds or what is left, at once where nothing is; with the
   * signal's reason when that aborts.
   */
  async ask<T>(look: (options: LookOptions) => Promise<T>, signal: AbortSignal, mostMs = this.#wholeMs): Promise<T> {
    signal.throwIfAborted();
    const timeout = Math.floor(Math.min(mostMs, this.#leftMs));
    const unanswered = new Fault("ACTION_TIMED_OUT", { message: `The page did not answer within ${timeout / 1_000} s.` });
    // A limit of 0 is none to Playwright.
    if (timeout <= 0) throw unanswered;
    using link = linkSignals(signal);
    const timer = setTimeout(() => link.abort(unanswered), timeout);
    const startedAt = performance.now();
    try {
      return await abortable(look({ timeout, signal: link.signal }), link.signal);
    } catch (thrown) {
      this.#leftMs -= performance.now() - startedAt;
      throw thrown;
    } finally {
      clearTimeout(timer);
    }
  }
}
