import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createLogger } from "@clew/process/logger";
import type { DeepPartial, InputRequested } from "@clew/proto/grpc/clew/run/v1/run";
import { StartWorkRequest, type TakeBrowserStateResponse } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { ActivePage } from "@clew/sandbox-agent/browser/active-page";
import { type BrowserSession, launchBrowser } from "@clew/sandbox-agent/browser/browser-session";
import { ReportInMemory } from "@clew/sandbox-agent/work.fixture";
import { startWork, type Work } from "@clew/sandbox-agent/work";

/** What came of a work. */
export interface Done {
  readonly report: ReportInMemory;
  readonly login: TakeBrowserStateResponse;
}

/** Answers what a work asks a person; `undefined` once nobody answers in time. */
export type Answer = (asked: InputRequested) => string | undefined | Promise<string | undefined>;

/** One browser for all works of a test file, one after the other, each in a context of its own. Disposing it removes its folder too. */
export class LoginRoom implements AsyncDisposable {
  readonly #folder: string;
  readonly #browser: BrowserSession;

  private constructor(folder: string, browser: BrowserSession) {
    this.#folder = folder;
    this.#browser = browser;
  }

  static async open(): Promise<LoginRoom> {
    const folder = await mkdtemp(join(tmpdir(), "clew-login-"));
    const sandbox = process.getuid?.() !== 0;
    const options = { executablePath: "/usr/bin/chromium", headless: true, sandbox, workFolder: folder, sandboxId: basename(folder) };
    return new LoginRoom(folder, await launchBrowser(options));
  }

  /** Runs a work to its end; all of 127.0.0.1 may be reached unless the request says otherwise, and there is no trace. */
  async run(request: DeepPartial<StartWorkRequest>, answer: Answer = () => undefined): Promise<Done> {
    let active: ActivePage | undefined;
    const browser: BrowserSession = {
      ...this.#browser,
      openPage: async (options) => {
        active = await this.#browser.openPage(options);
        return active;
      },
      [Symbol.asyncDispose]: async () => await active?.[Symbol.asyncDispose](),
    };
    let work: Work | undefined;
    const report = new ReportInMemory(async ({ payload }) => {
      if (payload.$case !== "inputRequested") return;
      const said = await answer(payload.value);
      // Only once the work waits for it.
      setImmediate(() => work?.deliver({ inputId: payload.value.inputId, answer: said ?? "", expired: said === undefined, lost: false }));
    });
    const spec = { recording: { trace: false }, guardrails: { allowPrivateNetworks: true }, ...request.spec };
    work = startWork({
      request: StartWorkRequest.fromPartial({ runId: "run-0", attempt: 1, ...request, spec }),
      browser,
      report,
      workFolder: this.#folder,
      log: createLogger({ name: "test", level: "silent" }),
    });
    await work.done;
    return { report, login: work.login };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
