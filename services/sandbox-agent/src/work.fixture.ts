import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createLogger } from "@clew/process/logger";
import { findProcesses } from "@clew/process/process-tree";
import type { DeepPartial, Outcome } from "@clew/proto/grpc/clew/run/v1/run";
import { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { SandboxEvent } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { chromiumPath } from "./browser/bare-browser.fixture.ts";
import { type BrowserSession, launchBrowser } from "./browser/browser-session.ts";
import { sharedSession } from "./browser/shared-session.fixture.ts";
import type { AskWarden } from "./egress/ask-warden.ts";
import type { EventDraft, Report } from "./report.ts";
import { startWork, type Work } from "./work.ts";

type Payload = NonNullable<SandboxEvent["payload"]>;
type Values = { [P in Payload as P["$case"]]: P["value"] };

/** Keeps what a work says, in memory, and lets a test look at each event before the work goes on. */
export class ReportInMemory implements Report {
  readonly events: EventDraft[] = [];
  readonly confirmed: EventDraft[] = [];
  readonly #onEvent: (event: EventDraft) => void | Promise<void>;

  constructor(onEvent: (event: EventDraft) => void | Promise<void> = () => {}) {
    this.#onEvent = onEvent;
  }

  async say(event: EventDraft): Promise<void> {
    this.events.push(event);
    await this.#onEvent(event);
  }

  async confirm(event: EventDraft): Promise<void> {
    this.confirmed.push(event);
    await this.say(event);
  }

  /** The kinds of the events said so far. */
  get kinds(): readonly string[] {
    return this.events.map((event) => event.payload.$case);
  }

  /** What was said of one kind. */
  all<K extends keyof Values>(kind: K): readonly Values[K][] {
    const isOfKind = (payload: Payload): payload is Payload & { readonly value: Values[K] } => payload.$case === kind;
    return this.events.flatMap(({ payload }) => (isOfKind(payload) ? [payload.value] : []));
  }

  /** The one outcome; throws where there is none, or more. */
  get outcome(): { state: number; outcome: Outcome } {
    const [published, ...others] = this.all("outcomePublished");
    if (published?.outcome === undefined || others.length > 0) throw new Error("There is not exactly one outcome.");
    return { state: published.state, outcome: published.outcome };
  }
}

/** Stands for a warden that lets go wherever there is a name. */
export const askNobody: AskWarden = async ({ host }) =>
  host.endsWith(".invalid") ? { denial: { rule: "unresolved", message: `The host ${host} could not be looked up.` } } : {};

/** A browser and a folder for one work; disposing it removes both. */
export class WorkRoom implements AsyncDisposable {
  readonly folder: string;
  readonly browser: BrowserSession;

  private constructor(folder: string, browser: BrowserSession) {
    this.folder = folder;
    this.browser = browser;
  }

  static async open(): Promise<WorkRoom> {
    const folder = await mkdtemp(join(tmpdir(), "clew-work-"));
    const browser = await launchBrowser({
      executablePath: chromiumPath,
      headless: true,
      sandbox: process.getuid?.() !== 0,
      workFolder: folder,
      sandboxId: basename(folder),
    });
    return new WorkRoom(folder, browser);
  }

  /** Opens a folder for another work, in the browser of this one, which must be disposed last. */
  async beside(): Promise<WorkRoom> {
    return new WorkRoom(await mkdtemp(join(this.folder, "beside-")), sharedSession(this.browser));
  }

  /** Starts a work; 127.0.0.1 may be reached, and there are no trace and no logs, unless the request says otherwise. */
  start(request: DeepPartial<StartWorkRequest>, report: Report): Work {
    const whole = StartWorkRequest.fromPartial({
      runId: "run-0",
      attempt: 1,
      ...request,
      spec: { ...request.spec, recording: { trace: false, logs: false, ...request.spec?.recording } },
    });
    return startWork({
      request: whole,
      browser: this.browser,
      report,
      workFolder: this.folder,
      askWarden: askNobody,
      log: createLogger({ name: "test", level: "silent" }),
    });
  }

  /** Kills the browser as a crash would. */
  killBrowser(): void {
    for (const { pid, parentPid } of findProcesses({ id: basename(this.folder), folder: this.folder }))
      if (parentPid === process.pid) process.kill(pid, "SIGKILL");
  }

  /** Reads a file the work left behind. */
  read(name: string): Promise<Buffer> {
    return readFile(join(this.folder, "files", name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
