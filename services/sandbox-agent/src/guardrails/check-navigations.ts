import { Fault } from "@clew/fault/fault";
import type { BrowserContext, CDPSession, Frame, Page } from "playwright";
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

/**
 * Judges every document the browser is about to fetch, before it is asked for: whether a step opened it, a click, Enter, a form, a script, a popup or
 * the next hop of a redirect. What is blocked is never requested; the page before it stays, and a popup that has shown nothing yet is closed. What
 * needs no request (`data:`, `blob:`) is left as soon as it shows. Frames are kept empty without an end for the page around them.
 *
 * It listens at the browser, not at a page, since a popup's first request leaves before anyone could listen to the popup.
 */
export class NavigationWatch implements AsyncDisposable {
  readonly #context: BrowserContext;
  readonly #session: CDPSession;
  readonly #guard: Guard;
  readonly #signal: AbortSignal;
  readonly #onTrip: (trip: Trip) => void;
  /** The main frames there are. */
  readonly #pages = new Map<string, MainFrameShown>();
  readonly #follow = (page: Page) => {
    page.on("framenavigated", this.#look);
    // A popup is told of when it shows its first page already.
    this.#judgeShown(page.mainFrame());
  };
  readonly #look = (frame: Frame) => this.#judgeShown(frame);

  private constructor(context: BrowserContext, session: CDPSession, guard: Guard, signal: AbortSignal, onTrip: (trip: Trip) => void) {
    this.#context = context;
    this.#session = session;
    this.#guard = guard;
    this.#signal = signal;
    this.#onTrip = onTrip;
  }

  /** Watches a context whose browser is its own, pages that are open included. `onTrip` is called before the request is refused. */
  static async open(
    context: BrowserContext,
    { guard, signal, onTrip }: { readonly guard: Guard; readonly signal: AbortSignal; readonly onTrip: (trip: Trip) => void },
  ): Promise<NavigationWatch> {
    const browser = context.browser();
    if (browser === null) throw new Fault("BROWSER_CRASHED");
    const session = await browser.newBrowserCDPSession();
    const watch = new NavigationWatch(context, session, guard, signal, onTrip);
    await watch.#begin();
    return watch;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#context.off("page", this.#follow);
    for (const page of this.#context.pages()) page.off("framenavigated", this.#look);
    await this.#session.detach().catch(() => {});
  }

  async #begin(): Promise<void> {
    this.#context.on("page", this.#follow);
    for (const page of this.#context.pages()) this.#follow(page);
    let isBegun = false;
    this.#session.on("Target.targetCreated", ({ targetInfo }) => {
      if (targetInfo.type === "page") this.#notePage(targetInfo.targetId, !isBegun);
    });
    this.#session.on("Target.targetDestroyed", ({ targetId }) => this.#pages.delete(targetId));
    this.#session.on("Fetch.requestPaused", (paused) => void this.#judge(paused).catch(() => {}));
    await this.#session.send("Target.setDiscoverTargets", { discover: true });
    isBegun = true;
    await this.#session.send("Fetch.enable", { patterns: [{ resourceType: "Document", requestStage: "Request" }] });
  }

  /** Judges a request; one that could not be judged is never let through. */
  async #judge({ requestId, frameId, request, redirectedRequestId }: PausedRequest): Promise<void> {
    let page: MainFrameShown | undefined;
    let block: GuardrailBlock | undefined;
    try {
      page = this.#pages.get(frameId) ?? (await this.#findPage(frameId));
      const way = page === undefined ? "embed" : redirectedRequestId === undefined ? "admit" : "follow";
      block = await this.#guard[way](request.url, this.#signal);
    } catch {
      await this.#session.send("Fetch.failRequest", { requestId, errorReason: "NameNotResolved" });
      return;
    }
    if (block === undefined) {
      if (page !== undefined) page.shown = true;
      await this.#session.send("Fetch.continueRequest", { requestId });
      return;
    }
    this.#onTrip({ block, address: request.url, isPage: page !== undefined });
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
    const block = this.#guard.judge(frame.url());
    if (block === undefined) return;
    const page = frame.page();
    this.#onTrip({ block, address: frame.url(), isPage: true });
    const isOnly = this.#context.pages().length <= 1;
    void (isOnly ? page.goto("about:blank", { signal: this.#signal }) : page.close()).catch(() => {});
  }
}
