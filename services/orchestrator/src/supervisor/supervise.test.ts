import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { placesOf } from "@clew/outbox/work-folder";
import { createLogger } from "@clew/process/logger";
import { Effect, Outcome, Run, Run_Effects, Run_State, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { ActionStarted } from "@clew/proto/grpc/clew/run/v1/run_event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Journal } from "../journal/journal.ts";
import type { Payload } from "../runs/event.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import { decodeRecord } from "./decode-record.ts";
import { attemptFailed } from "./phrases.ts";
import { RunLog } from "./run-log.ts";
import { RunSecrets } from "./run-secrets.ts";
import { handleOf } from "./sandbox-handle.fixture.ts";
import { finishRun, superviseRun } from "./supervise.ts";

const runId = `run-${"2".repeat(32)}`;
const error = { code: "UNAVAILABLE", reason: "SANDBOX_LOST", message: "The sandbox ended unexpectedly.", retryable: true, details: {} };
const begun: Payload[] = [
  { $case: "attemptStarted", value: { cause: "", isolation: "process" } },
  { $case: "runStarted", value: { browser: "", stepCount: 1 } },
];

describe("a supervised run", () => {
  let parent: string;
  let log: RunLog;
  let nowMs: number;
  let starts: number;
  let cleared: number[];
  beforeEach(async () => {
    starts = 0;
    cleared = [];
    nowMs = Date.now();
    parent = await mkdtemp(join(tmpdir(), "clew-supervise-"));
    const folder = join(parent, runId);
    const journal = await Journal.create({ folder, runId, now: () => nowMs, onDurable: (records) => log.hear(records) });
    log = new RunLog(journal, undefined, () => {});
  });
  afterEach(async () => {
    await log[Symbol.asyncDispose]();
    await rm(parent, { recursive: true });
  });

  const provider: SandboxProvider = {
    isolation: "process",
    start: () => {
      starts += 1;
      return Promise.reject(new Error("There is no room for a sandbox."));
    },
    find: async () => undefined,
    connect: () => {
      throw new Error("There is no sandbox.");
    },
    isAlive: async () => false,
    kill: async () => {},
    remove: async () => {},
    clear: async ({ attempt }) => void cleared.push(attempt),
  };

  async function supervise(said: readonly Payload[], given: Partial<SandboxProvider> = {}): Promise<string[]> {
    const spec = { timeoutSeconds: 600, retry: { maxAttempts: 3, backoffSeconds: 0 } };
    const run = Run.fromPartial({ id: runId, state: Run_State.QUEUED, effects: Run_Effects.NONE, spec });
    const created: Payload = { $case: "runCreated", value: { run, by: undefined, requestId: "", requestHmac: "" } };
    await log.begin([created, ...said].map((payload) => ({ attempt: payload === created ? 0 : 1, summary: "", payload })));
    nowMs = Date.now();
    const logger = createLogger({ name: "test", level: "silent" });
    const supervised = {
      log,
      provider: { ...provider, ...given },
      runFolder: join(parent, runId),
      spec: RunSpec.fromPartial(spec),
      secrets: new RunSecrets(RunSpec.fromPartial({})),
      signAnswer: () => "",
      playbookSource: "id: x",
      calledPlaybooks: {},
      logger,
      room: undefined,
    };
    await superviseRun(supervised, AbortSignal.timeout(10_000));
    const records = await log.journal.read(await log.journal.resolve({ kind: "start" }), { limit: 100, maxBytes: 1_000_000 });
    return records.map((record) => decodeRecord(log.journal, record).type);
  }

  it("whose sandbox does not start is tried three times, each told as an attempt of its own", async () => {
    const types = await supervise([]);
    const tries = ["attemptStarted", "attemptFailed", "attemptStarted", "attemptFailed", "attemptStarted"];
    expect(types).toEqual(["runCreated", ...tries, "outcomePublished", "runFinished"]);
    expect(log.run).toMatchObject({ state: Run_State.FAILED, attempt: 3, outcome: { error: { reason: "SANDBOX_START_FAILED" } } });
  });

  it("whose orchestrator ended before its sandbox had begun has all its tries left", async () => {
    const types = await supervise(begun.slice(0, 1));
    expect(types.slice(0, 4)).toEqual(["runCreated", "attemptStarted", "attemptFailed", "attemptStarted"]);
    expect([starts, log.run.attempt]).toEqual([3, 4]);
    expect(cleared).toEqual([1]);
  });

  it("whose sandbox had begun, and is lost before its work, has one try less", async () => {
    const { wardenOutbox } = placesOf(join(parent, runId, "work-1"));
    await mkdir(dirname(wardenOutbox), { recursive: true });
    await writeFile(wardenOutbox, "");
    await supervise(begun.slice(0, 1));
    expect([starts, log.run.attempt]).toEqual([2, 3]);
  });

  it("whose last sandbox failed has as many tries again to start the next one", async () => {
    await supervise([...begun, attemptFailed(error, nowMs, nowMs).payload]);
    expect([starts, log.run.attempt]).toEqual([3, 4]);
  });

  it("whose work began in a sandbox that nobody knows is tried again as its spec says", async () => {
    const types = await supervise(begun);
    expect(types.slice(0, 5)).toEqual(["runCreated", "attemptStarted", "runStarted", "attemptFailed", "attemptStarted"]);
    expect(log.run.effects).toBe(Run_Effects.NONE);
    expect(cleared).toEqual([1]);
  });

  describe("whose sandbox is lost", () => {
    let calls: string[];
    /** What finds the sandbox of the first attempt, dead, and cannot be rid of it so often. */
    const finding = (fails: { readonly kill?: number; readonly remove?: number }): Partial<SandboxProvider> => {
      calls = [];
      const left = { kill: 0, remove: 0, ...fails };
      const call = (name: "kill" | "remove") => async () => {
        calls.push(name);
        if (left[name]-- > 0) throw new Error("It could not be done.");
      };
      return {
        find: async () => handleOf(runId, join(parent, runId, "work-1")),
        connect: () => ({ [Symbol.asyncDispose]: async () => {} }) as unknown as SandboxConnection,
        kill: call("kill"),
        remove: call("remove"),
        start: () => {
          calls.push("start");
          return Promise.reject(new Error("There is no room for a sandbox."));
        },
      };
    };

    it("is tried again, also where what is left of the sandbox cannot be removed", async () => {
      await supervise(begun, finding({ remove: 9 }));
      expect(calls).toEqual(["kill", "remove", "start", "start", "start"]);
      expect(log.run).toMatchObject({ attempt: 4, outcome: { error: { reason: "SANDBOX_START_FAILED" } } });
    });

    it("is not tried again before the sandbox is known to be dead", async () => {
      await supervise(begun, finding({ kill: 2 }));
      expect(calls).toEqual(["kill", "kill", "kill", "remove", "start", "start", "start"]);
    });

    it("is not tried again where the sandbox cannot be ended at all", async () => {
      vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
      try {
        const supervised = supervise(begun, finding({ kill: Number.POSITIVE_INFINITY })).catch((error: unknown) => error);
        let isOver = false;
        void supervised.then(() => (isOver = true));
        // What it reads from disk takes real time, in which the clock stands.
        for (; !isOver; await new Promise(setImmediate)) await vi.advanceTimersByTimeAsync(100);
        expect(await supervised).toMatchObject({ reason: "SANDBOX_HUNG" });
        expect(calls).not.toContain("start");
      } finally {
        vi.useRealTimers();
      }
    });
  });

  it("that a caller had stopped is TERMINATED, also when its sandbox is gone before it stopped", async () => {
    const by = { key: "ops", actor: "ada" };
    await supervise([...begun, { $case: "stopRequested", value: { reason: "enough", graceSeconds: 10, by } }]);
    expect(log.run).toMatchObject({ state: Run_State.TERMINATED, attempt: 1, outcome: { error: { reason: "TERMINATED" } } });
    expect(starts).toBe(0);
  });

  it("ends whatever its sandbox called things: texts of any length fit its last event", async () => {
    const long = "x".repeat(60_000);
    const outcome = Outcome.fromPartial({ error: { ...error, code: long.slice(30_000), reason: long.slice(30_000) } });
    const actions = [
      { actionId: long, effect: Effect.WRITE },
      { action: long, effect: Effect.WRITE },
    ];
    await supervise([
      ...begun,
      ...actions.map((value): Payload => ({ $case: "actionStarted", value: ActionStarted.fromPartial(value) })),
      { $case: "outcomePublished", value: { state: Run_State.FAILED, outcome } },
    ]);
    expect(log.run).toMatchObject({ state: Run_State.FAILED, runArtifact: "run.json" });
  });

  it("says the least in its last event where more of it cannot be written", async () => {
    const outcome = Outcome.fromPartial({ summary: "done" });
    const run = Run.fromPartial({ id: runId, state: Run_State.QUEUED, spec: { timeoutSeconds: 600 } });
    const said: Payload[] = [
      { $case: "runCreated", value: { run, by: undefined, requestId: "", requestHmac: "" } },
      { $case: "outcomePublished", value: { state: Run_State.COMPLETED, outcome } },
    ];
    await log.begin(said.map((payload) => ({ attempt: 0, summary: "", payload })));
    let tries = 0;
    const decide = async () => {
      tries += 1;
      if (tries === 1) throw new Error("It cannot be written.");
    };
    const logger = createLogger({ name: "test", level: "silent" });
    await finishRun({ log, runFolder: join(parent, runId), logger }, AbortSignal.timeout(10_000), decide);
    const records = await log.journal.read(await log.journal.resolve({ kind: "start" }), { limit: 100, maxBytes: 1_000_000 });
    const last = records.map((record) => decodeRecord(log.journal, record)).at(-1);
    expect(last?.payload).toMatchObject({
      $case: "runFinished",
      value: { run: { id: runId, spec: undefined, outcome: { summary: "done" } } },
    });
  });

  it("whose time was over before anybody came to try it again is TIMED_OUT, and not tried", async () => {
    nowMs -= 3_600_000;
    await supervise([...begun, attemptFailed(error, nowMs + 5_000, nowMs).payload]);
    expect(log.run).toMatchObject({ state: Run_State.TIMED_OUT, attempt: 1 });
    expect(starts).toBe(0);
  });
});
