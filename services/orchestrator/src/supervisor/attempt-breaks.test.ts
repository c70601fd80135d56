import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { openOutbox } from "@clew/outbox/outbox";
import { placesOf } from "@clew/outbox/work-folder";
import { createLogger } from "@clew/process/logger";
import { Outcome, Run, Run_State, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { SandboxReady } from "@clew/proto/grpc/clew/run/v1/run_event";
import { ArtifactReady, type SandboxEvent } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { abortable } from "@clew/streams/abortable";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { Journal } from "../journal/journal.ts";
import type { Payload } from "../runs/event.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import { runAttempt } from "./attempt.ts";
import { decodeRecord } from "./decode-record.ts";
import { FinalizingTime, usualShares } from "./finalizing-time.ts";
import { RunLog } from "./run-log.ts";
import { RunSecrets } from "./run-secrets.ts";
import { takeLeftovers } from "./take-leftovers.ts";

const runId = `run-${"6".repeat(32)}`;
const logger = createLogger({ name: "test", level: "silent" });
const never = new AbortController().signal;
const outcome = Outcome.fromPartial({ summary: "done" });

let temp: TempFolder;
let log: RunLog;
let runFolder: string;
beforeEach(async () => {
  temp = await tempFolder();
  runFolder = join(temp.path, runId);
  const journal = await Journal.create({ folder: runFolder, runId, onDurable: (records) => log.hear(records) });
  log = new RunLog(journal, undefined, () => {});
  const run = Run.fromPartial({ id: runId, state: Run_State.QUEUED, spec: { timeoutSeconds: 600 } });
  const said: Payload[] = [
    { $case: "runCreated", value: { run, by: undefined, requestId: "", requestHmac: "" } },
    { $case: "attemptStarted", value: { cause: "", isolation: "process" } },
  ];
  await log.begin(said.map((payload, attempt) => ({ attempt, summary: "", payload })));
});
afterEach(async () => {
  await log[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

/** A connection on which nothing is ever answered, but for what the agent's stream says; `calls` holds the signal of each stream that was asked for. */
function connectDeaf(calls: AbortSignal[] = [], agentSays?: () => AsyncIterable<unknown>): SandboxConnection {
  const deaf = async (_: unknown, { signal }: { signal?: AbortSignal } = {}) => abortable(new Promise<never>(() => {}), signal);
  const events = {
    // biome-ignore lint/correctness/useYield: it says nothing.
    async *streamSandboxEvents(_: unknown, { signal = never }: { signal?: AbortSignal } = {}) {
      calls.push(signal);
      await deaf({}, { signal });
    },
  };
  const warden = {
    killSandbox: () => Promise.reject(new Error("The warden was killed.")),
    // biome-ignore lint/correctness/useYield: it reads nothing.
    async *readWorkFile(_: unknown, { signal = never }: { signal?: AbortSignal } = {}) {
      await deaf({}, { signal });
    },
  };
  const agentEvents = agentSays === undefined ? events : { streamSandboxEvents: agentSays, acknowledgeSandboxEvents: async () => ({}) };
  const connection = {
    agent: { startWork: async () => ({}) },
    warden,
    agentEvents,
    wardenEvents: events,
    [Symbol.asyncDispose]: async () => {},
  };
  return connection as unknown as SandboxConnection;
}

describe("an attempt that breaks", () => {
  /** An attempt whose warden is alive when it is asked first, and whose provider can then only say this. */
  async function breaking(
    isAlive: () => Promise<boolean>,
    agentSays?: () => AsyncIterable<unknown>,
    odd: Partial<SandboxProvider> = {},
    shares = usualShares,
  ) {
    const calls: AbortSignal[] = [];
    let asked = 0;
    const provider: SandboxProvider = {
      isolation: "process",
      start: () => Promise.reject(new Error("It was started.")),
      find: async () => undefined,
      connect: () => connectDeaf(calls, agentSays),
      isAlive: () => (asked++ === 0 ? Promise.resolve(true) : isAlive()),
      kill: () => Promise.reject(new Error("4 processes of a sandbox could not be ended.")),
      remove: async () => {},
      clear: async () => {},
      ...odd,
    };
    const fixed = { runId, isolation: "process", wardenAddress: "", agentAddress: "", pid: 0, startTime: "", bootId: "" } as const;
    const plan = {
      log,
      attempt: 1,
      provider,
      handle: { ...fixed, attempt: 1, workFolder: join(runFolder, "work-1") },
      runFolder,
      spec: RunSpec.fromPartial({}),
      secrets: new RunSecrets(RunSpec.fromPartial({})),
      signAnswer: () => "",
      playbookSource: "id: x",
      calledPlaybooks: {},
      logger,
    };
    using time = new FinalizingTime(shares);
    const broke = await runAttempt(plan, time, AbortSignal.timeout(20_000)).catch((error: unknown) => error);
    return { broke, calls };
  }

  it("is told for what broke it, also where its sandbox cannot be ended, and calls it no more", async () => {
    const { broke, calls } = await breaking(async () => false);
    expect(broke).toMatchObject({ reason: "SANDBOX_LOST" });
    expect(calls.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it.each([
    ["ends without an outcome", "SANDBOX_LOST", undefined],
    ["can say no more, its disk being full,", "VOLUME_FULL", new Fault("VOLUME_FULL")],
  ] as const)("whose work %s is over at once, for %s", async (_, reason, fault) => {
    const ready = { attempt: 1, summary: "", payload: { $case: "sandboxReady", value: SandboxReady.fromPartial({}) } } as const;
    await log.decide(() => [ready]);
    const { broke } = await breaking(
      async () => true,
      async function* () {
        if (fault !== undefined) throw fault;
        yield { frame: { $case: "end", value: { tail: 0 } } };
      },
    );
    expect(broke).toMatchObject({ reason });
  });

  it("for a fault of ours calls its sandbox no more either", async () => {
    const ours = new Error("The machine does not say which processes there are.");
    const { broke, calls } = await breaking(() => Promise.reject(ours));
    expect(broke).toBe(ours);
    expect(calls.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it("is over in the time there is, whoever hangs: its agent, its warden, what ends it by force, and its files", async () => {
    const said: Payload[] = [
      { $case: "sandboxReady", value: SandboxReady.fromPartial({}) },
      { $case: "outcomePublished", value: { state: Run_State.COMPLETED, outcome } },
    ];
    await log.decide(() => said.map((payload) => ({ attempt: 1, summary: "", payload })));
    const { agentOutbox, wardenOutbox } = placesOf(join(runFolder, "work-1"));
    await mkdir(dirname(agentOutbox), { recursive: true });
    using outbox = openOutbox({ file: agentOutbox });
    await outbox.append({
      summary: "",
      payload: { $case: "artifactReady", value: ArtifactReady.fromPartial({ name: "list.csv", sizeBytes: 9 }) },
    });
    using _empty = openOutbox({ file: wardenOutbox });
    const hung = { kill: () => new Promise<never>(() => {}) };
    const { broke } = await breaking(async () => true, undefined, hung, { storeMs: 100, takeMs: 200, keepMs: 300 });
    expect(broke).toBeUndefined();
    const records = await log.journal.read(await log.journal.resolve({ kind: "start" }), { limit: 100, maxBytes: 1_000_000 });
    const lost = { $case: "warningRaised", value: { reason: "ARTIFACT_LOST" } };
    expect(decodeRecord(log.journal, records.at(-1) ?? expect.fail()).payload).toMatchObject(lost);
  });
});

it("a warden that hangs holds up nothing but its files: what else was left is taken in", async () => {
  const workFolder = join(runFolder, "work-1");
  const { agentOutbox, wardenOutbox } = placesOf(workFolder);
  const left: NonNullable<SandboxEvent["payload"]>[] = [
    { $case: "runStarted", value: { browser: "", stepCount: 1 } },
    { $case: "artifactReady", value: ArtifactReady.fromPartial({ name: "trace.zip", sizeBytes: 9 }) },
    { $case: "artifactReady", value: ArtifactReady.fromPartial({ name: "list.csv", sizeBytes: 9 }) },
    { $case: "outcomePublished", value: { state: Run_State.COMPLETED, outcome } },
  ];
  await mkdir(dirname(agentOutbox), { recursive: true });
  using outbox = openOutbox({ file: agentOutbox });
  for (const payload of left) await outbox.append({ summary: "", payload });
  using _empty = openOutbox({ file: wardenOutbox });
  const secrets = new RunSecrets(RunSpec.fromPartial({}));
  await takeLeftovers({ log, attempt: 1, secrets, runFolder, workFolder, logger }, connectDeaf(), never, AbortSignal.timeout(50));
  const records = await log.journal.read(await log.journal.resolve({ kind: "start" }), { limit: 100, maxBytes: 1_000_000 });
  const said = records.slice(2).map((record) => decodeRecord(log.journal, record).payload);
  const lost = { $case: "warningRaised", value: { reason: "ARTIFACT_LOST" } };
  expect(said).toMatchObject([{ $case: "runStarted" }, lost, lost, { $case: "outcomePublished", value: { outcome: { summary: "done" } } }]);
});
