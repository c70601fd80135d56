import { Fault } from "@clew/fault/fault";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import type { BrowserContext, Page, Request } from "playwright";

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
  /** What sent it; unknown where it is the first of a popup. */
  readonly page: Page | undefined;
}

/** The last action that may change something. The times are those of `performance.now()`. */
interface LastAct {
  readonly isCommit: boolean;
  readonly handedAt: number;
  /** When it was over; while it is not, what follows it has all its time. */
  overAt: number;
  /** Whether the page was read since. */
  wasRead: boolean;
}

/** Follows what a context's pages have sent and is not answered, by scripts, and by forms in frames and new tabs: who leaves or closes the page at once takes it back. */
export class SentRequests {
  readonly #open = new Map<Request, OpenRequest>();
  #lastAct: LastAct | undefined;
  /** The `performance.now()` when the last began that may change something. */
  #changeAt = Number.NEGATIVE_INFINITY;
  /** Resolves when the next does. */
  #next = Promise.withResolvers<void>();

  constructor(context: BrowserContext) {
    const settle = (request: Request) => {
      this.#open.get(request)?.answered.resolve();
      this.#open.delete(request);
    };
    context.on("request", (request) => {
      const mayChange = !["GET", "HEAD"].includes(request.method());
      const page = pageOf(request);
      if (!byScripts.has(request.resourceType()) && !(mayChange && isOfFrame(request))) return;
      const beganAt = performance.now();
      if (this.#open.size < mostFollowed) this.#open.set(request, { answered: Promise.withResolvers(), beganAt, mayChange, page });
      if (!mayChange) return;
      this.#changeAt = beganAt;
      this.#next.resolve();
      this.#next = Promise.withResolvers();
    });
    context.on("response", (response) => settle(response.request())).on("requestfailed", settle);
    // Of a page that closes with something open nothing more is heard.
    const forget = (closed: Page) => {
      for (const [request, { page }] of this.#open) if (page === closed) settle(request);
    };
    context.on("page", (page) => page.once("close", forget));
  }

  /** Says that an action that may change something is handed to a page; the answer is called once it is over, however it ended. */
  handed(isCommit: boolean): () => void {
    const act: LastAct = { isCommit, handedAt: performance.now(), overAt: Number.POSITIVE_INFINITY, wasRead: false };
    this.#lastAct = act;
    return () => {
      act.overAt = performance.now();
    };
  }

  /** Says that a page was read. */
  read(): void {
    if (this.#lastAct !== undefined) this.#lastAct.wasRead = true;
  }

  /** Whether the last action may have set off what nothing is known of yet; one that was followed by a look at the page is taken not to have, unless it is a commit. */
  get mayFollow(): boolean {
    return this.#lastAct !== undefined && (this.#lastAct.isCommit || !this.#lastAct.wasRead);
  }

  /** Resolves once something that may change something has begun since the last action was handed over, or `ms` milliseconds after the end of that. */
  async begun(ms: number, signal: AbortSignal): Promise<void> {
    const { handedAt, overAt } = this.#lastAct ?? { handedAt: 0, overAt: Number.NEGATIVE_INFINITY };
    const leftMs = Math.min(overAt + ms - performance.now(), ms);
    if (this.#changeAt >= handedAt || leftMs <= 0) return;
    using waiting = linkSignals(signal);
    const late = delay(leftMs, { signal: waiting.signal }).catch(() => signal.throwIfAborted());
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

/** Whether it is for a page in a frame, or the first of a popup, which may close at once: whoever goes to a whole page waits for that by itself. */
function isOfFrame(request: Request): boolean {
  if (!request.isNavigationRequest()) return false;
  const page = pageOf(request);
  return page === undefined || request.frame() !== page.mainFrame();
}

/** The page that a request is of; undefined for the first of a popup, whose frame is not known yet, and for a service worker's. */
function pageOf(request: Request): Page | undefined {
  try {
    return request.frame().page();
  } catch {
    return undefined;
  }
}
