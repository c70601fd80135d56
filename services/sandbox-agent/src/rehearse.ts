import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@clew/process/logger";
import { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { ActivePage } from "./browser/active-page.ts";
import type { BrowserSession } from "./browser/browser-session.ts";
import type { AskWarden } from "./egress/ask-warden.ts";
import { planWork } from "./playbook/plan-work.ts";
import { startWork } from "./work.ts";

/** What a rehearsal is made with. */
export interface RehearsalOptions {
  readonly browser: BrowserSession;
  /** The sandbox's folder; nothing of the rehearsal stays there. */
  readonly workFolder: string;
  readonly askWarden: AskWarden;
  readonly log: Logger;
  /** Cuts it short. */
  readonly signal: AbortSignal;
}

/** An address that nobody has, and that the warden of a sandbox that is nobody's lets nobody ask for. */
const nowhere = "http://rehearsal.invalid/";

const playbookSource = `id: rehearsal
steps:
  - { action: evaluate, params: { script: "return 1" } }
  - { action: goto, params: { url: "${nowhere}" } }
`;

/** Reads a playbook that is nobody's, while there is nothing else to do: the first one takes many times as long as later ones. */
export function rehearsePlan(): void {
  planWork(StartWorkRequest.fromPartial({ spec: {}, playbookSource }));
}

/**
 * Does a piece of work that is nobody's, from its playbook to the address that it may not open, in a context of its own, which is closed again, and tells nobody: what
 * code does for the first time takes many times as long as later. Nothing of it leaves the sandbox, or reaches a run. Never rejects.
 */
export async function rehearse({ browser, workFolder, askWarden, log, signal }: RehearsalOptions): Promise<void> {
  const folder = join(workFolder, "rehearsal");
  let page: ActivePage | undefined;
  const lent: BrowserSession = {
    ...browser,
    async openPage(options) {
      page = await browser.openPage(options);
      return page;
    },
    async [Symbol.asyncDispose]() {
      await page?.[Symbol.asyncDispose]();
    },
  };
  const report = { say: async () => {}, confirm: async () => {} };
  const request = StartWorkRequest.fromPartial({ runId: "rehearsal", attempt: 1, spec: {}, playbookSource });
  const work = startWork({ request, browser: lent, report, workFolder: folder, askWarden, log });
  const cut = () => void work.stop(0);
  signal.addEventListener("abort", cut, { once: true });
  if (signal.aborted) cut();
  try {
    await work.done;
  } catch (err) {
    log.debug({ err }, "the rehearsal failed");
  } finally {
    signal.removeEventListener("abort", cut);
    await rm(folder, { recursive: true, force: true }).catch((err: unknown) => log.warn({ err }, "the rehearsal's folder stays"));
  }
}
