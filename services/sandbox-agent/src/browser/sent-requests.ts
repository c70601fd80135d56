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

/** An action that may change something. */
interface Act {
  /** The `performance.now()` when it was over; while it is not, what follows it has all its time. */
  overAt: number;
}

/** Follows what a context's pages have sent and is not answered, by scripts, and by forms in frames and new tabs: who leaves or closes the page at once takes it back. */
export class SentRequests {
  readonly #open = new Map<Request, OpenRequest>();
  /** The last one, unless the page was read since: what shows what it did is taken to show that nothing follows. */
  #lastAct: Act | undefined;
  #lastCommit: Act | undefined;

  constructor(context: BrowserContext) {
    const settle = (request: Request) => {
      this.#open.get(request)?.answered.resolve();
      this.#open.delete(request);
    };
    context.on("request", (request) => {
      const mayChange = !["GET", "HEAD"].includes(request.method());
      const page = pageOf(request);
      if (!byScripts.has(request.resourceType()) && !(mayChange && isOfFrame(request))) return;
      if (this.#open.size >= mostFollowed) for (const oldest of [...this.#open.keys()].slice(0, 1)) settle(oldest);
      this.#open.set(request, { answered: Promise.withResolvers(), beganAt: performance.now(), mayChange, page });
    });
    context.on("response", (response) => settle(response.request())).on("requestfailed", settle);
    // Of a page that closes with something open nothing more is heard; the browser goes on with beacons all the same.
    const forget = (closed: Page) => {
      for (const [request, { page }] of this.#open) if (page === closed && request.resourceType() !== "ping") settle(request);
    };
    context.on("page", (page) => page.once("close", forget));
  }

  /** Says that an action that may change something is handed to a page; the answer is called once it is over, however it ended. */
  handed(isCommit: boolean): () => void {
    const act: Act = { overAt: Number.POSITIVE_INFINITY };
    this.#lastAct = act;
    if (isCommit) this.#lastCommit = act;
    return () => {
      act.overAt = performance.now();
    };
  }

  /** Says that a page was read. */
  read(): void {
    this.#lastAct = undefined;
  }

  /**
   * Milliseconds that are left of the `ms` after the last action that may have set off what nothing is known of yet: one that may change something and was
   * followed by no look at the page, or a commit.
   */
  leftMs(ms: number): number {
    const overAt = Math.max(...[this.#lastAct, this.#lastCommit].map((act) => act?.overAt ?? Number.NEGATIVE_INFINITY));
    return Math.max(0, Math.min(ms, overAt + ms - performance.now()));
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
