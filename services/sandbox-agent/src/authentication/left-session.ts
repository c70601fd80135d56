import { browserStateSecrets } from "@clew/playbook/browser-state-secrets";
import type { KnownSecrets } from "@clew/playbook/known-secrets";
import type { Session } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { ActivePage } from "../browser/active-page.ts";
import { readBrowserState } from "./browser-state.ts";

/** What a run leaves for those that are forked from it: its login, whatever became of that, and the address it was at. */
export class LeftSession {
  readonly #isWanted: boolean;
  readonly #secrets: KnownSecrets;
  #left: Session | undefined;

  constructor({ isWanted, secrets }: { readonly isWanted: boolean; readonly secrets: KnownSecrets }) {
    this.#isWanted = isWanted;
    this.#secrets = secrets;
  }

  /** Looks at the browser before it closes. Never rejects: what could not be read is not there. */
  async take({ context, url }: ActivePage, signal: AbortSignal): Promise<void> {
    if (!this.#isWanted) return;
    const browserState = await readBrowserState(context, signal).catch(() => undefined);
    if (browserState === undefined) return;
    this.#secrets.add(browserStateSecrets(browserState));
    this.#left = { browserState, address: /^https?:/.test(url) ? url : "", memory: "" };
  }

  /** Undefined where none is wanted, or none could be read. */
  get session(): Session | undefined {
    return this.#left;
  }
}
