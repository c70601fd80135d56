import { Fault } from "@clew/fault/fault";
import { abortable } from "@clew/streams/abortable";
import type { BrowserContext, Page } from "playwright";
import { Dialogs } from "./dialogs.ts";
import { Downloads } from "./downloads.ts";
import { MainFrame } from "./main-frame.ts";
import { Notices } from "./notices.ts";
import { SentRequests } from "./sent-requests.ts";

/** Milliseconds a navigation that has begun may take until the page is looked at all the same. */
const settleMs = 3_000;

/** The most pages that may be open; further ones are closed as they come. */
const mostPages = 20;

/** What opening the first page needs. */
export interface ActivePageOptions {
  /** Called when the page that is acted on loses its process. */
  readonly onCrash: () => void;
  /** Where the browser writes downloads: in a folder of its own. */
  readonly downloadsFolder: string;
}

/**
 * The page a run acts on: the one its context opened last, or that was switched to. Popups and new tabs become it; when it closes, the one before is it
 * again. Disposing it closes the context.
 */
export class ActivePage implements AsyncDisposable {
  readonly context: BrowserContext;
  /** What pages did by themselves. */
  readonly notices = new Notices();
  readonly dialogs = new Dialogs(this.notices);
  readonly downloads: Downloads;
  readonly sent: SentRequests;
  readonly #onCrash: () => void;
  /** In the order they were opened. */
  readonly #pages = new Map<Page, MainFrame>();
  /** The same, the last one acted on at the end. */
  #recent: readonly Page[] = [];
  readonly #asides = new WeakSet<Page>();
  #navigations = 0;
  #changed = Promise.withResolvers<void>();

  private constructor(context: BrowserContext, { onCrash, downloadsFolder }: ActivePageOptions) {
    this.context = context;
    this.#onCrash = onCrash;
    this.downloads = new Downloads(downloadsFolder, this.notices);
    this.sent = new SentRequests(context);
    context.on("page", (page) => this.#track(page));
    context.on("dialog", (dialog) => this.dialogs.answer(dialog));
  }

  /** Opens the first page of a context. */
  static async open(context: BrowserContext, options: ActivePageOptions): Promise<ActivePage> {
    const active = new ActivePage(context, options);
    await context.newPage();
    return active;
  }

  /** The page to act on. */
  get page(): Page {
    const page = this.#recent.at(-1);
    if (page === undefined) throw new Fault("ACTION_FAILED", { message: "The page closed itself and left none to act on." });
    return page;
  }

  /** All open pages, in the order they were opened. */
  get pages(): readonly Page[] {
    return [...this.#pages.keys()];
  }

  /** Whether there is a page to act on. */
  get isOpen(): boolean {
    return this.#pages.size > 0;
  }

  /** The page's address. */
  get url(): string {
    return this.#recent.at(-1)?.url() ?? "about:blank";
  }

  /** The status of the page's last navigation; absent when there was no response. */
  get status(): number | undefined {
    return this.#pages.get(this.page)?.status;
  }

  /** Whether the page answers something that was sent, so that its address alone does not lead to it. */
  get wasPosted(): boolean {
    return this.#pages.get(this.page)?.wasPosted ?? false;
  }

  /** How many navigations of main frames, and pages, have begun; tells whether anything moved meanwhile. */
  get navigations(): number {
    return this.#navigations;
  }

  /** Resolves once no navigation is under way, or after 3 s of one; at once when there is none. */
  async settled(signal: AbortSignal): Promise<Page> {
    if (!this.#isNavigating) return this.page;
    const deadline = AbortSignal.timeout(settleMs);
    while (this.#isNavigating && !deadline.aborted) {
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

  /** Acts on this page from now on. */
  async switchTo(page: Page): Promise<void> {
    if (!this.#pages.has(page)) throw new Fault("ACTION_FAILED", { message: "The page closed meanwhile." });
    this.#recent = [...this.#recent.filter((other) => other !== page), page];
    this.#move(true);
    await page.bringToFront();
  }

  /** Opens a new page where none is left. */
  async reopen(): Promise<void> {
    if (!this.isOpen) await this.context.newPage();
  }

  /** Opens a page that is never acted on, and whose downloads are left to whoever asked, who closes it. */
  async openAside(): Promise<Page> {
    const page = await this.context.newPage();
    this.#asides.add(page);
    this.#forget(page);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
  }

  get #isNavigating(): boolean {
    return this.#pages.get(this.page)?.isNavigating ?? false;
  }

  #track(page: Page): void {
    if (this.#asides.has(page)) return;
    // What was opened for a download only has no address, not even about:blank. A whole Chromium closes it by itself, a headless shell does not.
    if (page.url() === "" && this.isOpen) {
      void page.close().catch(() => {});
      return;
    }
    if (this.#pages.size >= mostPages) {
      this.notices.add(() => `a further page was closed: at most ${mostPages} may be open`);
      void page.close().catch(() => {});
      return;
    }
    this.#pages.set(page, new MainFrame(page, (begun) => this.#move(begun)));
    this.#recent = [...this.#recent, page];
    this.#move(true);
    page.on("download", (download) => {
      if (!this.#asides.has(page)) this.downloads.take(download);
    });
    page.on("crash", () => this.#loseCrashed(page));
    page.once("close", () => this.#forget(page));
  }

  /** A page beside the one that is acted on may go; what became of an action on a page that crashed is unknown. */
  #loseCrashed(page: Page): void {
    if (page === this.#recent.at(-1)) {
      this.#onCrash();
      return;
    }
    this.notices.add(() => "a page in the background crashed and was closed");
    this.#forget(page);
    void page.close().catch(() => {});
  }

  #forget(page: Page): void {
    if (!this.#pages.delete(page)) return;
    this.#recent = this.#recent.filter((other) => other !== page);
    this.#move(true);
  }

  #move(begun: boolean): void {
    if (begun) this.#navigations++;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
