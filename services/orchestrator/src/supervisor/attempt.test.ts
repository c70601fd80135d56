import { join } from "node:path";
import { createLogger } from "@clew/process/logger";
import { Outcome, Run, Run_State, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { SandboxReady } from "@clew/proto/grpc/clew/run/v1/run_event";
import { StopWorkResponse } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { abortable } from "@clew/streams/abortable";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { Journal } from "../journal/journal.ts";
import type { Payload } from "../runs/event.ts";
import { limits } from "../runs/limits.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import { runAttempt } from "./attempt.ts";
import { FinalizingTime } from "./finalizing-time.ts";
import { RunLog } from "./run-log.ts";
import { RunSecrets } from "./run-secrets.ts";
import { handleOf } from "./sandbox-handle.fixture.ts";

const runId = `run-${"5".repeat(32)}`;

describe("an attempt whose run was asked to stop", () => {
  let temp: TempFolder;
  let log: RunLog;
  let calls: string[];
  beforeEach(async () => {
    calls = [];
    temp = await tempFolder();
    const journal = await Journal.create({ folder: join(temp.path, runId), runId, onDurable: (records) => log.hear(records) });
    log = new RunLog(journal, undefined, () => {});
  });
  afterEach(async () => {
    await log[Symbol.asyncDispose]();
    await temp[Symbol.asyncDispose]();
  });

  /** A sandbox that says nothing more, stops with this outcome, and is gone once it is told to end. */
  function provide(partialOutcome: Outcome | undefined): SandboxProvider {
    let lives = true;
    const ended = Promise.withResolvers<void>();
    const events = {
      async *streamSandboxEvents(_: unknown, { signal }: { signal?: AbortSignal } = {}) {
        await abortable(ended.promise, signal);
        yield { frame: { $case: "end", value: { tail: 0 } } };
      },
      acknowledgeSandboxEvents: async () => ({}),
    };
    const agent = {
      startWork: async () => {
        calls.push("startWork");
        return {};
      },
      stopWork: async () => {
        calls.push("stopWork");
        ended.resolve();
        return StopWorkResponse.fromPartial({ partialOutcome });
      },
    };
    const warden = {
      killSandbox: async () => {
        lives = false;
        return {};
      },
    };
    const connection = { agent, warden, agentEvents: events, wardenEvents: events, [Symbol.asyncDispose]: async () => {} };
    return {
      isolation: "process",
      start: () => Promise.reject(new Error("It was started.")),
      find: async () => undefined,
      connect: () => connection as unknown as SandboxConnection,
      isAlive: async () => lives,
      kill: async () => {},
      remove: async () => {},
      clear: async () => {},
    };
  }

  async function attempt(reason: string, partialOutcome?: Outcome): Promise<void> {
    const spec = { timeoutSeconds: 600 };
    const run = Run.fromPartial({ id: runId, state: Run_State.QUEUED, spec });
    const said: Payload[] = [
      { $case: "attemptStarted", value: { cause: "", isolation: "process" } },
      { $case: "sandboxReady", value: SandboxReady.fromPartial({}) },
      { $case: "stopRequested", value: { reason, graceSeconds: 1, by: { key: "ops", actor: "ada" } } },
    ];
    const created: Payload = { $case: "runCreated", value: { run, by: undefined, requestId: "", requestHmac: "" } };
    await log.begin([created, ...said].map((payload) => ({ attempt: payload === created ? 0 : 1, summary: "", payload })));
    const plan = {
      log,
      attempt: 1,
      provider: provide(partialOutcome),
      handle: handleOf(runId, join(temp.path, "work")),
      runFolder: join(temp.path, runId),
      spec: RunSpec.fromPartial(spec),
      secrets: new RunSecrets(RunSpec.fromPartial({})),
      signAnswer: () => "",
      playbookSource: "id: x",
      calledPlaybooks: {},
      logger: createLogger({ name: "test", level: "silent" }),
    };
    using time = new FinalizingTime();
    await runAttempt(plan, time, AbortSignal.timeout(20_000));
  }

  it("begins no work any more", async () => {
    await attempt("enough");
    expect(calls).toEqual(["stopWork"]);
    expect(log.run).toMatchObject({ state: Run_State.FINALIZING, outcome: { error: { reason: "TERMINATED" } } });
  });

  it("has an outcome that fits beside any reason, however much there was of it and whatever it calls its file", async () => {
    const most = limits.eventBytes - limits.eventHeadroomBytes;
    await attempt("界".repeat(limits.reasonChars), Outcome.fromPartial({ sessionMemory: "x".repeat(most - 10) }));
    expect(log.run.outcome).toMatchObject({ sessionMemory: "", truncated: true, error: { reason: "TERMINATED" } });
  });

  it("has no file of a name that no file can have", async () => {
    await attempt("enough", Outcome.fromPartial({ dataArtifact: "x".repeat(60_000) }));
    expect(log.run.outcome).toMatchObject({ dataArtifact: undefined, truncated: true });
  });
});
