import { browserStateSecrets } from "@clew/playbook/browser-state-secrets";
import type { KnownSecrets } from "@clew/playbook/known-secrets";
import type { PlaybookAuthentication } from "@clew/playbook/schema/authentication";
import type { TakeBrowserStateResponse } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { ActivePage } from "../browser/active-page.ts";
import { type BrowserState, parseBrowserState, readBrowserState } from "./browser-state.ts";
import { isLoginAddress, lacksSuccess, signsOfLoggedOut } from "./success.ts";

/** Which login a run begins with, and whether the one it ends with is wanted. */
export interface SavedLoginOptions {
  /** The browser state to begin with, in JSON; empty when there is none. */
  readonly text: string;
  readonly isKept: boolean;
  /** Whether the browser goes on as the run before left it: its login, if any, is there already. */
  readonly isThere?: boolean;
  readonly secrets: KnownSecrets;
}

/** The login a run begins with and the one it leaves behind. */
export class SavedLogin {
  /** What the browser begins with; absent where nothing was saved, or it cannot be read. */
  readonly state: BrowserState | undefined;
  /** Whether the browser goes on as the run before left it. */
  readonly isThere: boolean;
  readonly #isKept: boolean;
  readonly #secrets: KnownSecrets;
  readonly #wasGiven: boolean;
  #auth: PlaybookAuthentication | undefined;
  #isLoggedOut = false;
  #left: string | undefined;

  constructor({ text, isKept, isThere = false, secrets }: SavedLoginOptions) {
    this.#wasGiven = text !== "";
    this.state = this.#wasGiven ? parseBrowserState(text) : undefined;
    this.#isKept = isKept;
    this.isThere = isThere;
    this.#secrets = secrets;
    this.#isLoggedOut = this.#wasGiven && this.state === undefined;
  }

  /** Whether the run may be logged in from the first. */
  get mayHold(): boolean {
    return this.isThere || this.state !== undefined;
  }

  /** Says that what the run began with is no login any more. */
  noteLoggedOut(): void {
    this.#isLoggedOut = this.#wasGiven;
  }

  /** Says what shows that the run is logged in. */
  judgeBy(auth: PlaybookAuthentication): void {
    this.#auth = auth;
  }

  /**
   * Looks at the login the work ends with, before the browser closes: it is kept where the work succeeded and is still logged in, and no login any more
   * where the page is that of a login. What only looks like it, such as a page to change the password, says neither. Never rejects.
   */
  async leave(active: ActivePage, succeeded: boolean, signal: AbortSignal): Promise<void> {
    const end = await this.#judge(active, signal).catch(() => "unclear");
    if (end === "out") this.noteLoggedOut();
    if (end !== "in" || !succeeded || !this.#isKept) return;
    this.#left = await readBrowserState(active.context, signal).catch(() => undefined);
    this.#secrets.add(browserStateSecrets(this.#left ?? ""));
  }

  async #judge(active: ActivePage, signal: AbortSignal): Promise<"in" | "out" | "unclear"> {
    if (!active.isOpen) return "in";
    const { success, login_url: loginUrl } = this.#auth ?? {};
    const signs = await signsOfLoggedOut(active.page, signal, loginUrl);
    if (signs.length === 0) return "in";
    if (success !== undefined && (await lacksSuccess(active, success, signal)).length === 0) return "in";
    return isLoginAddress(active.url, loginUrl) ? "out" : "unclear";
  }

  /** What the orchestrator is told of it. */
  get told(): TakeBrowserStateResponse {
    return { loggedOut: this.#isLoggedOut, ...(this.#left !== undefined && { browserState: this.#left }) };
  }
}
