import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { Producer } from "@clew/journal-format/record";
import { createLogger } from "@clew/process/logger";
import { Effect, Outcome, Run, Run_Effects, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { ActionStarted, SandboxReady } from "@clew/proto/grpc/clew/run/v1/run_event";
import { ArtifactReady, SandboxEvent, type StreamSandboxEventsResponse } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Journal } from "../journal/journal.ts";
import { decodeRecord } from "./decode-record.ts";
import { type EventClient, ingestLeft, ingestLive, type Source } from "./ingest.ts";
import { attemptFailed, warningRaised } from "./phrases.ts";
import { RunLog } from "./run-log.ts";

const runId = `run-${"1".repeat(32)}`;
const error = { code: "UNAVAILABLE", reason: "NAVIGATION_FAILED", message: "No page.", retryable: true, details: {} };
const { signal } = new AbortController();

const said = (...payloads: NonNullable<SandboxEvent["payload"]>[]) =>
  payloads.map((payload, index) => SandboxEvent.fromPartial({ sequence: index + 1, summary: "s", payload }));
const runStarted = { $case: "runStarted", value: { browser: "", stepCount: 1 } } as const;
const begin = (effect: Effect) => ({ $case: "actionStarted", value: ActionStarted.fromPartial({ actionId: "a", effect }) }) as const;
const failed = {
  $case: "outcomePublished",
  value: { state: Run_State.FAILED, outcome: Outcome.fromPartial({ summary: "No page.", error }) },
} as const;

type Frame = NonNullable<StreamSandboxEventsResponse["frame"]>;
const events = (...values: SandboxEvent[]): Frame => ({ $case: "events", value: { events: values } });
const end = (tail: number): Frame => ({ $case: "end", value: { tail } });

/** A producer whose streams say this, one after another, the last of them again and again; `after` is where each was asked to begin. */
function producer(...streams: readonly (readonly Frame[])[]) {
  const after: number[] = [];
  const client = {
    async *streamSandboxEvents(asked: { after: number }) {
      after.push(asked.after);
      for (const frame of streams[after.length - 1] ?? streams.at(-1) ?? []) yield { frame };
    },
    acknowledgeSandboxEvents: async () => ({}),
  } as unknown as EventClient;
  return { client, after };
}

describe("what a sandbox says", () => {
  let parent: string;
  let log: RunLog;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "clew-ingest-"));
    const journal = await Journal.create({ folder: join(parent, runId), runId, onDurable: (records) => log.hear(records) });
    log = new RunLog(journal, undefined, () => {});
    const spec = { timeoutSeconds: 600, retry: { maxAttempts: 2, backoffSeconds: 5 } };
    const run = Run.fromPartial({ id: runId, state: Run_State.QUEUED, effects: Run_Effects.NONE, spec });
    await log.begin([
      { attempt: 0, summary: "", payload: { $case: "runCreated", value: { run, by: undefined, requestId: "", requestHmac: "" } } },
      { attempt: 1, summary: "", payload: { $case: "attemptStarted", value: { cause: "", isolation: "process" } } },
    ]);
  });
  afterEach(async () => {
    await log[Symbol.asyncDispose]();
    await rm(parent, { recursive: true });
  });

  const agent = (attempt: number): Source => ({
    log,
    attempt,
    producer: "agent",
    redact: (event) => event,
    takeArtifact: () => Promise.reject(new Error("No file was said to be ready.")),
    logger: createLogger({ name: "test", level: "silent" }),
  });
  async function types(): Promise<string[]> {
    const records = await log.journal.read(await log.journal.resolve({ kind: "start" }), { limit: 100, maxBytes: 1_000_000 });
    return records.map((record) => decodeRecord(log.journal, record).type);
  }

  it("is not written once a later attempt has begun, and its position stays, so that it is never acknowledged", async () => {
    await ingestLeft(agent(1), said(runStarted), signal);
    await log.decide(() => [{ attempt: 1, ...attemptFailed(error, Date.now(), Date.now()) }]);
    await log.decide(() => [{ attempt: 2, summary: "", payload: { $case: "attemptStarted", value: { cause: "", isolation: "process" } } }]);
    const before = log.journal.durable;
    await ingestLeft(agent(1), said(runStarted, begin(Effect.WRITE), failed), signal);
    expect([log.journal.durable, log.journal.producerPosition(1, Producer.AGENT)]).toEqual([before, 1]);
    expect(log.run).toMatchObject({ attempt: 2, effects: Run_Effects.NONE, outcome: undefined });
  });

  it("as the outcome of an attempt that may be bettered ends that attempt only; a second one is noted", async () => {
    await ingestLeft(agent(1), said(runStarted, begin(Effect.READ), failed, failed), signal);
    expect((await types()).slice(2)).toEqual(["runStarted", "actionStarted", "attemptFailed", "warningRaised"]);
    expect(log.fold.attempt.failure).toMatchObject({ error: { reason: "NAVIGATION_FAILED" } });
    expect(log.run.state).toBe(Run_State.STARTING);
  });

  it("as its outcome is the run's where something in the same batch may have changed the world", async () => {
    await ingestLeft(agent(1), said(runStarted, begin(Effect.WRITE), failed), signal);
    expect((await types()).slice(2)).toEqual(["runStarted", "actionStarted", "outcomePublished"]);
    expect(log.run).toMatchObject({ state: Run_State.FINALIZING, effects: Run_Effects.UNKNOWN });
  });

  describe.each([
    { what: "leaves out an event", offence: [events(...said(runStarted, begin(Effect.READ)).slice(1))] },
    { what: "says what is not its to say", offence: [events(...said({ $case: "sandboxReady", value: SandboxReady.fromPartial({}) }))] },
    {
      what: "says more than an event may hold",
      offence: [events(SandboxEvent.fromPartial({ sequence: 1, summary: "x".repeat(70_000), payload: runStarted }))],
    },
    { what: "ends before its last event", offence: [end(1)] },
  ])("live, where it $what", ({ offence }) => {
    const sound = [events(...said(runStarted)), end(1)];
    const quiet = () => {};

    it("is asked for again, once", async () => {
      const { client, after } = producer(offence, sound);
      await ingestLive(agent(1), client, { signal, onSign: quiet });
      expect(after).toEqual([0, 0]);
      expect((await types()).slice(2)).toEqual(["runStarted"]);
    });

    it("breaks its contract the second time, also after it went on well", async () => {
      const { client, after } = producer(offence, sound.slice(0, 1), [events(SandboxEvent.fromPartial({ sequence: 9 }))]);
      await expect(ingestLive(agent(1), client, { signal, onSign: quiet })).rejects.toMatchObject({ reason: "SANDBOX_MISBEHAVED" });
      expect(after).toEqual([0, 0, 1]);
    });
  });

  it.each(["VOLUME_FULL", "VOLUME_FAILED"] as const)("is all there will be where its outbox says %s, and is taken in", async (reason) => {
    const client = {
      async *streamSandboxEvents() {
        yield { frame: events(...said(runStarted)) };
        throw new Fault(reason);
      },
      acknowledgeSandboxEvents: async () => ({}),
    } as unknown as EventClient;
    await expect(ingestLive(agent(1), client, { signal, onSign: () => {} })).rejects.toMatchObject({ reason });
    expect((await types()).slice(2)).toEqual(["runStarted"]);
  });

  it("is a sign of life for as long as it takes us to write it, and not after", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const asked = Promise.withResolvers<void>();
      const stored = Promise.withResolvers<Awaited<ReturnType<Source["takeArtifact"]>>>();
      const takeArtifact: Source["takeArtifact"] = () => {
        asked.resolve();
        return stored.promise;
      };
      let signs = 0;
      const ready = { $case: "artifactReady", value: ArtifactReady.fromPartial({ name: "trace.zip" }) } as const;
      const { client } = producer([events(...said(runStarted, ready)), end(2)]);
      const taken = ingestLive({ ...agent(1), takeArtifact }, client, { signal, onSign: () => signs++ });
      await asked.promise;
      const before = signs;
      vi.advanceTimersByTime(40_000);
      expect(signs - before).toBe(40);
      stored.resolve(warningRaised("X", "It is stored."));
      await taken;
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
