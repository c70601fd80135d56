import { Fault } from "@clew/fault/fault";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import type { BrowserContext, Request } from "playwright";

/** What scripts ask for, and beacons. Pages, and what they are made of, are followed by whoever opens them. */
const byScripts: ReadonlySet<string> = new Set(["fetch", "xhr", "ping"]);

/** The most requests that are followed at once. */
const mostFollowed = 1_000;

/** A request that has no answer yet. */
interface OpenRequest {
  readonly answered: PromiseWithResolvers<void>;
  /** The `performance.now()` when it began. */
  readonly beganAt: number;
  /** Whether it may change something where it leads. */
  readonly mayChange: boolean;
}

/** Follows what a context's pages have sent and is not answered, by scripts and by forms in frames: who leaves or closes the page at once takes it back. */
export class SentRequests {
  /** Whether the last action may have begun what nothing is known of yet: whoever acts says so. */
  mayFollow = false;
  readonly #open = new Map<Request, OpenRequest>();
  /** Resolves when the next begins that may change something. */
  #next = Promise.withResolvers<void>();

  constructor(context: BrowserContext) {
    const settle = (request: Request) => {
      this.#open.get(request)?.answered.resolve();
      this.#open.delete(request);
    };
    context.on("request", (request) => {
      const mayChange = !["GET", "HEAD"].includes(request.method());
      if (!byScripts.has(request.resourceType()) && !(mayChange && isOfFrame(request))) return;
      if (this.#open.size < mostFollowed)
        this.#open.set(request, { answered: Promise.withResolvers(), beganAt: performance.now(), mayChange });
      if (!mayChange) return;
      this.#next.resolve();
      this.#next = Promise.withResolvers();
    });
    context.on("response", (response) => settle(response.request())).on("requestfailed", settle);
  }

  /** Resolves once something has begun that may change something, at once where something is open, or after `ms` milliseconds. */
  async begun(ms: number, signal: AbortSignal): Promise<void> {
    if ([...this.#open.values()].some(({ mayChange }) => mayChange)) return;
    using waiting = linkSignals(signal);
    const late = delay(ms, { signal: waiting.signal }).catch(() => signal.throwIfAborted());
    await Promise.race([this.#next.promise, late]);
    waiting.abort(new Fault("CANCELLED"));
  }

  /**
   * Resolves once all that is open has its answer, or only what may change something, where it began less than `ms` milliseconds ago; each has so long from
   * its own begin.
   */
  async answered(ms: number, signal: AbortSignal, which: "all" | "changes" = "all"): Promise<void> {
    const fresh = [...this.#open.values()].filter(
      ({ beganAt, mayChange }) => performance.now() - beganAt < ms && (which === "all" || mayChange),
    );
    if (fresh.length === 0) return;
    using waiting = linkSignals(signal);
    const leftMs = Math.max(...fresh.map(({ beganAt }) => beganAt)) + ms - performance.now();
    const late = delay(Math.max(0, leftMs), { signal: waiting.signal }).catch(() => signal.throwIfAborted());
    await Promise.race([Promise.all(fresh.map((request) => request.answered.promise)), late]);
    waiting.abort(new Fault("CANCELLED"));
  }
}

/** Whether it is for a page in a frame: whoever goes to a whole page waits for that by itself. */
function isOfFrame(request: Request): boolean {
  if (!request.isNavigationRequest()) return false;
  try {
    return request.frame().parentFrame() !== null;
  } catch {
    // A popup's first request comes before its frame is known.
    return false;
  }
}
