import { Fault } from "@clew/fault/fault";
import type { Browser, BrowserContext, CDPSession, Frame, Page } from "playwright";
import type { Guard } from "./guard.ts";
import type { GuardrailBlock } from "./guardrail-block.ts";

/** A page that was kept from being opened, or left. */
export interface Trip {
  readonly block: GuardrailBlock;
  readonly address: string;
  /** Whether it was a whole page, rather than a frame of one. */
  readonly isPage: boolean;
}

interface PausedRequest {
  readonly requestId: string;
  readonly frameId: string;
  readonly request: { readonly url: string };
  readonly redirectedRequestId?: string;
}

/** Whether something was let into a main frame. */
interface MainFrameShown {
  shown: boolean;
}

/** Who judges, and who is told. */
interface NavigationJudge {
  readonly guard: Guard;
  readonly signal: AbortSignal;
  /** Called before the request is refused. */
  readonly onTrip: (trip: Trip) => void;
}

/** The watches on browsers that nobody works in yet. */
const ready = new WeakMap<Browser, Promise<NavigationWatch>>();

/**
 * Judges every document the browser is about to fetch, before it is asked for: whether a step opened it, a click, Enter, a form, a script, a popup or
 * the next hop of a redirect. What is blocked is never requested; the page before it stays, and a popup that has shown nothing yet is closed. What
 * needs no request (`data:`, `blob:`) is left as soon as it shows. Frames are kept empty without an end for the page around them.
 *
 * It listens at the browser, not at a page, since a popup's first request leaves before anyone could listen to the popup.
 */
export class NavigationWatch implements AsyncDisposable {
  readonly #session: CDPSession;
  #context: BrowserContext | undefined;
  #judge: NavigationJudge | undefined;
  /** The main frames there are. */
  readonly #pages = new Map<string, MainFrameShown>();
  readonly #follow = (page: Page) => {
    page.on("framenavigated", this.#onNavigated);
    // A popup is told of when it shows its first page already.
    this.#judgeShown(page.mainFrame());
  };
  readonly #onNavigated = (frame: Frame) => this.#judgeShown(frame);

  private constructor(session: CDPSession) {
    this.#session = session;
  }

  /** Begins to watch a browser that nobody works in yet, for the first watch that is opened on it: until then no document is let through. */
  static async ready(browser: Browser): Promise<void> {
    const begun = NavigationWatch.#begin(browser);
    ready.set(browser, begun);
    await begun;
  }

  /** Watches a context whose browser is its own, pages that are open included. */
  static async open(context: BrowserContext, judge: NavigationJudge): Promise<NavigationWatch> {
    const browser = context.browser();
    if (browser === null) throw new Fault("BROWSER_CRASHED");
    const begun = ready.get(browser)?.catch(() => undefined);
    ready.delete(browser);
    const watch = (await begun) ?? (await NavigationWatch.#begin(browser));
    watch.#judge = judge;
    watch.#look(context);
    return watch;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#context?.off("page", this.#follow);
    for (const page of this.#context?.pages() ?? []) page.off("framenavigated", this.#onNavigated);
    await this.#session.detach().catch(() => {});
  }

  static async #begin(browser: Browser): Promise<NavigationWatch> {
    const session = await browser.newBrowserCDPSession();
    const watch = new NavigationWatch(session);
    session.on("Target.targetCreated", ({ targetInfo }) => {
      if (targetInfo.type === "page") watch.#notePage(targetInfo.targetId, false);
    });
    session.on("Target.targetDestroyed", ({ targetId }) => watch.#pages.delete(targetId));
    session.on("Fetch.requestPaused", (paused) => void watch.#decide(paused).catch(() => {}));
    await session.send("Target.setDiscoverTargets", { discover: true });
    await session.send("Fetch.enable", { patterns: [{ resourceType: "Document", requestStage: "Request" }] });
    return watch;
  }

  #look(context: BrowserContext): void {
    this.#context = context;
    context.on("page", this.#follow);
    for (const page of context.pages()) this.#follow(page);
    // Whatever they show: a page that was there before is no popup that is to be closed.
    for (const page of this.#pages.values()) page.shown = true;
  }

  /** Judges a request; one that could not be judged is never let through. */
  async #decide({ requestId, frameId, request, redirectedRequestId }: PausedRequest): Promise<void> {
    let page: MainFrameShown | undefined;
    let block: GuardrailBlock | undefined;
    const judge = this.#judge;
    try {
      if (judge === undefined) throw new Error("Nobody works here yet.");
      page = this.#pages.get(frameId) ?? (await this.#findPage(frameId));
      const way = page === undefined ? "embed" : redirectedRequestId === undefined ? "admit" : "follow";
      block = await judge.guard[way](request.url, judge.signal);
    } catch {
      await this.#session.send("Fetch.failRequest", { requestId, errorReason: "NameNotResolved" });
      return;
    }
    if (block === undefined) {
      if (page !== undefined) page.shown = true;
      await this.#session.send("Fetch.continueRequest", { requestId });
      return;
    }
    judge.onTrip({ block, address: request.url, isPage: page !== undefined });
    await this.#session.send("Fetch.failRequest", { requestId, errorReason: "Aborted" });
    if (page?.shown === false) await this.#session.send("Target.closeTarget", { targetId: frameId });
  }

  /** Looks whether a frame is a page's: a popup's first request may come before the news of the popup. */
  async #findPage(frameId: string): Promise<MainFrameShown | undefined> {
    const { targetInfos } = await this.#session.send("Target.getTargets");
    const isPage = targetInfos.some(({ type, targetId }) => type === "page" && targetId === frameId);
    return isPage ? this.#notePage(frameId, false) : undefined;
  }

  #notePage(targetId: string, shown: boolean): MainFrameShown {
    const page = this.#pages.get(targetId) ?? { shown };
    this.#pages.set(targetId, page);
    return page;
  }

  /** Judges a page that shows. The empty page and the browser's own page for an error hold nothing. */
  #judgeShown(frame: Frame): void {
    if (frame.parentFrame() !== null || /^(?:about:blank|chrome-error:|:|$)/.test(frame.url())) return;
    const judge = this.#judge;
    const block = judge?.guard.judge(frame.url());
    if (judge === undefined || block === undefined) return;
    const page = frame.page();
    judge.onTrip({ block, address: frame.url(), isPage: true });
    const isOnly = page.context().pages().length <= 1;
    void (isOnly ? page.goto("about:blank", { signal: judge.signal }) : page.close()).catch(() => {});
  }
}
