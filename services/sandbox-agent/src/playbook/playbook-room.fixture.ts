import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createLogger } from "@clew/process/logger";
import type { DeepPartial } from "@clew/proto/grpc/clew/run/v1/run";
import { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { AskModel } from "../agent/ask-model.ts";
import { sharedSession } from "../browser/shared-session.fixture.ts";
import { askNobody, ReportInMemory, WorkRoom } from "../work.fixture.ts";
import { startWork, type Work } from "../work.ts";

/** What a playbook is run with besides its text. */
export type PlaybookRun = Omit<DeepPartial<StartWorkRequest>, "playbookSource">;

/** A browser for the tests of one file, in which each playbook gets a context and a folder of its own. Disposing it closes the browser. */
export class PlaybookRoom implements AsyncDisposable {
  readonly #room: WorkRoom;
  #folder = "";

  private constructor(room: WorkRoom) {
    this.#room = room;
  }

  static async open(): Promise<PlaybookRoom> {
    return new PlaybookRoom(await WorkRoom.open());
  }

  /** Runs a playbook to its end; 127.0.0.1 may be reached unless the spec says otherwise. Answers what was said. */
  async run(playbookSource: string, run: PlaybookRun = {}, report = new ReportInMemory(), askModel?: AskModel): Promise<ReportInMemory> {
    const work = await this.start(playbookSource, run, report, askModel);
    await work.done;
    return report;
  }

  /** Starts a playbook. */
  async start(playbookSource: string, { spec, ...rest }: PlaybookRun, report: ReportInMemory, askModel?: AskModel): Promise<Work> {
    this.#folder = await mkdtemp(join(this.#room.folder, "work-"));
    return startWork({
      request: StartWorkRequest.fromPartial({
        runId: "run-0",
        attempt: 1,
        playbookSource,
        ...rest,
        spec: { recording: { trace: false, logs: false }, guardrails: { allowPrivateNetworks: true }, ...spec },
      }),
      browser: sharedSession(this.#room.browser),
      report,
      workFolder: this.#folder,
      askWarden: askNobody,
      log: createLogger({ name: "test", level: "silent" }),
      askModel,
    });
  }

  /** Reads a file that the last playbook left behind. */
  read(name: string): Promise<string> {
    return readFile(join(this.#folder, "files", name), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#room[Symbol.asyncDispose]();
  }
}
