import { Fault } from "@clew/fault/fault";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import type { BrowserContext, Request } from "playwright";

/** What scripts ask for, and beacons. Pages, and what they are made of, are followed by whoever opens them. */
const byScripts: ReadonlySet<string> = new Set(["fetch", "xhr", "ping"]);

/** The most requests that are followed at once. */
const mostFollowed = 1_000;

/** Follows what the scripts of a context's pages have sent and is not answered: who closes the page at once takes it back. */
export class SentRequests {
  /** Each with its answer to come, and the milliseconds of `performance.now()` when it began. */
  readonly #open = new Map<Request, { readonly answered: PromiseWithResolvers<void>; readonly beganAt: number }>();

  constructor(context: BrowserContext) {
    const settle = (request: Request) => {
      this.#open.get(request)?.answered.resolve();
      this.#open.delete(request);
    };
    context.on("request", (request) => {
      if (!byScripts.has(request.resourceType()) || this.#open.size >= mostFollowed) return;
      this.#open.set(request, { answered: Promise.withResolvers(), beganAt: performance.now() });
    });
    context.on("response", (response) => settle(response.request())).on("requestfailed", settle);
  }

  /** Resolves once all that is open has its answer, where it began less than `ms` milliseconds ago; each has so long from its own begin. */
  async answered(ms: number, signal: AbortSignal): Promise<void> {
    const fresh = [...this.#open.values()].filter(({ beganAt }) => performance.now() - beganAt < ms);
    if (fresh.length === 0) return;
    using waiting = linkSignals(signal);
    const leftMs = Math.max(...fresh.map(({ beganAt }) => beganAt)) + ms - performance.now();
    const late = delay(Math.max(0, leftMs), { signal: waiting.signal }).catch(() => signal.throwIfAborted());
    await Promise.race([Promise.all(fresh.map((request) => request.answered.promise)), late]);
    waiting.abort(new Fault("CANCELLED"));
  }
}
