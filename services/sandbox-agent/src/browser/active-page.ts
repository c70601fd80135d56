import { Fault } from "@clew/fault/fault";
import { abortable } from "@clew/streams/abortable";
import type { BrowserContext, Page, Request } from "playwright";

/** Milliseconds a navigation that has begun may take until the page is looked at all the same. */
const settleMs = 3_000;

interface PageState {
  /** The navigation of the main frame that is under way. */
  pending: Request | undefined;
  /** The status of the main frame's last response. */
  status: number | undefined;
}

/**
 * The page a run acts on: the newest one its context has opened and not closed. Popups and new tabs become it, and it falls back when they close.
 * Disposing it closes the context.
 */
export class ActivePage implements AsyncDisposable {
  readonly context: BrowserContext;
  readonly #states = new Map<Page, PageState>();
  readonly #onCrash: () => void;
  #navigations = 0;
  #changed = Promise.withResolvers<void>();

  private constructor(context: BrowserContext, onCrash: () => void) {
    this.context = context;
    this.#onCrash = onCrash;
    context.on("page", (page) => this.#track(page));
  }

  /** Opens the first page of a context. `onCrash` is called when a page's process dies. */
  static async open(context: BrowserContext, onCrash: () => void): Promise<ActivePage> {
    const active = new ActivePage(context, onCrash);
    await context.newPage();
    return active;
  }

  /** The page to act on. */
  get page(): Page {
    const page = [...this.#states.keys()].at(-1);
    if (page === undefined) throw new Fault("ACTION_FAILED", { message: "The page closed itself and left none to act on." });
    return page;
  }

  /** Whether there is a page to act on. */
  get isOpen(): boolean {
    return this.#states.size > 0;
  }

  /** The page's address. */
  get url(): string {
    return [...this.#states.keys()].at(-1)?.url() ?? "about:blank";
  }

  /** The status of the page's last navigation; absent when there was no response. */
  get status(): number | undefined {
    return this.#states.get(this.page)?.status;
  }

  /** How many navigations of main frames, and pages, have begun; tells whether anything moved meanwhile. */
  get navigations(): number {
    return this.#navigations;
  }

  /** Resolves once no navigation is under way, or after 3 s of one; at once when there is none. */
  async settled(signal: AbortSignal): Promise<Page> {
    const deadline = AbortSignal.timeout(settleMs);
    while (this.#isNavigating() && !deadline.aborted) {
      await abortable(abortable(this.#changed.promise, deadline), signal).catch((reason: unknown) => {
        if (signal.aborted) throw reason;
      });
    }
    return this.page;
  }

  /** Resolves the next time a navigation or a page begins or ends. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
  }

  #isNavigating(): boolean {
    return this.#states.get(this.page)?.pending !== undefined;
  }

  #track(page: Page): void {
    const state: PageState = { pending: undefined, status: undefined };
    this.#states.set(page, state);
    this.#move(1);
    page.on("request", (request) => {
      if (!isOfMainFrame(request)) return;
      state.pending = request;
      this.#move(1);
    });
    page.on("response", (response) => {
      if (!isOfMainFrame(response.request())) return;
      state.status = response.status();
      // The page stays as it is.
      if (state.status === 204 || state.status === 205) this.#arrive(state);
    });
    page.on("requestfailed", (request) => {
      if (state.pending === request) this.#arrive(state);
    });
    // A download is a navigation that never commits.
    page.on("download", () => this.#arrive(state));
    page.on("domcontentloaded", () => this.#arrive(state));
    page.on("crash", () => this.#onCrash());
    page.once("close", () => {
      this.#states.delete(page);
      this.#move(1);
    });
  }

  #arrive(state: PageState): void {
    state.pending = undefined;
    this.#move(0);
  }

  #move(navigations: number): void {
    this.#navigations += navigations;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

function isOfMainFrame(request: Request): boolean {
  if (!request.isNavigationRequest()) return false;
  try {
    return request.frame().parentFrame() === null;
  } catch {
    // A popup's first request comes before its frame is known.
    return true;
  }
}
