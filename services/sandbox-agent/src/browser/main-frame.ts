import type { Page, Request } from "playwright";

/** Follows the navigations of a page's main frame. */
export class MainFrame {
  readonly #onMove: (begun: boolean) => void;
  #pending: Request | undefined;
  #status: number | undefined;
  #wasPosted = false;
  /** Whether the pending navigation has been answered. */
  #isAnswered = false;

  /** `onMove` is called whenever a navigation begins or ends. */
  constructor(page: Page, onMove: (begun: boolean) => void) {
    this.#onMove = onMove;
    page.on("request", (request) => {
      if (!isOfMainFrame(request)) return;
      this.#pending = request;
      this.#isAnswered = false;
      onMove(true);
    });
    page.on("response", (response) => {
      if (!isOfMainFrame(response.request())) return;
      this.#status = response.status();
      if (response.request() === this.#pending) this.#isAnswered = true;
      // The page stays as it is.
      if (this.#status === 204 || this.#status === 205) this.#arrive();
      else this.#wasPosted = response.request().method() !== "GET";
    });
    page.on("requestfailed", (request) => {
      // What was given up leaves the page as it was, and what breaks off shows what has come; all else shows the browser's own page for an error, which
      // is there a moment later.
      if (this.#pending === request && (this.#isAnswered || isGivenUp(request))) this.#arrive();
    });
    // A download is a navigation that never commits.
    page.on("download", () => this.#arrive());
    page.on("domcontentloaded", () => this.#arrive());
  }

  /** Whether a navigation is under way. */
  get isNavigating(): boolean {
    return this.#pending !== undefined;
  }

  /** The status of the last response; absent when there was none. */
  get status(): number | undefined {
    return this.#status;
  }

  /** Whether the page answers something that was sent, so that its address alone does not lead to it. */
  get wasPosted(): boolean {
    return this.#wasPosted;
  }

  #arrive(): void {
    this.#pending = undefined;
    this.#onMove(false);
  }
}

function isGivenUp(request: Request): boolean {
  return request.failure()?.errorText === "net::ERR_ABORTED";
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
