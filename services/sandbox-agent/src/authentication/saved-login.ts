import { browserStateSecrets } from "@clew/playbook/browser-state-secrets";
import type { KnownSecrets } from "@clew/playbook/known-secrets";
import type { TakeBrowserStateResponse } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { ActivePage } from "../browser/active-page.ts";
import { type BrowserState, parseBrowserState, readBrowserState } from "./browser-state.ts";
import { signsOfLoggedOut } from "./success.ts";

/** Which login a run begins with, and whether the one it ends with is wanted. */
export interface SavedLoginOptions {
  /** The browser state to begin with, in JSON; empty when there is none. */
  readonly text: string;
  readonly isKept: boolean;
  readonly secrets: KnownSecrets;
}

/** The login a run begins with and the one it leaves behind. */
export class SavedLogin {
  /** What the browser begins with; absent where nothing was saved, or it cannot be read. */
  readonly state: BrowserState | undefined;
  readonly #isKept: boolean;
  readonly #secrets: KnownSecrets;
  readonly #wasGiven: boolean;
  #isLoggedOut = false;
  #left: string | undefined;

  constructor({ text, isKept, secrets }: SavedLoginOptions) {
    this.#wasGiven = text !== "";
    this.state = this.#wasGiven ? parseBrowserState(text) : undefined;
    this.#isKept = isKept;
    this.#secrets = secrets;
    this.#isLoggedOut = this.#wasGiven && this.state === undefined;
  }

  /** Says that what the run began with is no login any more. */
  noteLoggedOut(): void {
    this.#isLoggedOut = this.#wasGiven;
  }

  /** Looks at the login the work ends with, before the browser closes: it is kept where the work succeeded and is still logged in. Never rejects. */
  async leave(active: ActivePage, succeeded: boolean, signal: AbortSignal): Promise<void> {
    const signs = active.isOpen ? await signsOfLoggedOut(active.page, signal).catch(() => undefined) : [];
    if (signs === undefined) return;
    if (signs.length > 0) return this.noteLoggedOut();
    if (!succeeded || !this.#isKept) return;
    this.#left = await readBrowserState(active.context, signal).catch(() => undefined);
    this.#secrets.add(browserStateSecrets(this.#left ?? ""));
  }

  /** What the orchestrator is told of it. */
  get told(): TakeBrowserStateResponse {
    return { loggedOut: this.#isLoggedOut, ...(this.#left !== undefined && { browserState: this.#left }) };
  }
}
