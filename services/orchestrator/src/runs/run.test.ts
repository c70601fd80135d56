import { Artifact_Kind, Effect, Run, Run_Effects, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { ActionCompleted, ActionStarted, RunEvent, SandboxKept } from "@clew/proto/grpc/clew/run/v1/run_event";
import { describe, expect, it } from "vitest";
import { deadlineMs } from "./deadline.ts";
import type { Payload } from "./event.ts";
import { applyEvent, type RunFold } from "./run.ts";

const created: Payload = {
  $case: "runCreated",
  value: {
    run: Run.fromPartial({ id: "r", state: Run_State.QUEUED, effects: Run_Effects.NONE, spec: { timeoutSeconds: 10 } }),
    by: undefined,
    requestId: "q",
    requestHmac: "h",
  },
};
const attemptStarted: Payload = { $case: "attemptStarted", value: { cause: "", isolation: "process" } };
const runStarted: Payload = { $case: "runStarted", value: { browser: "Chromium", stepCount: 1 } };
const finished: Payload = { $case: "runFinished", value: { run: undefined } };
const begin = (actionId: string, effect: Effect): Payload => ({
  $case: "actionStarted",
  value: ActionStarted.fromPartial({ actionId, action: "click", effect }),
});
const complete = (actionId: string): Payload => ({
  $case: "actionCompleted",
  value: ActionCompleted.fromPartial({ actionId, success: true }),
});
const fail = (actionId: string, untouched: boolean): Payload => ({
  $case: "actionCompleted",
  value: ActionCompleted.fromPartial({ actionId, success: false, untouched }),
});
const damaged: Payload = { $case: "warningRaised", value: { reason: "JOURNAL_DAMAGED", message: "", details: { epoch: "2" } } };
const outcome = (state: Run_State): Payload => ({
  $case: "outcomePublished",
  value: { state, outcome: { summary: "s", data: undefined, extractedTexts: [], sessionMemory: "", error: undefined, truncated: false } },
});
const inputRequested: Payload = {
  $case: "inputRequested",
  value: { inputId: "i", kind: 1, prompt: "", choices: [], expireTime: undefined, actionId: "" },
};
const inputReceived: Payload = {
  $case: "inputReceived",
  value: { inputId: "i", by: undefined, decision: "approved", answer: "", answerHmac: "" },
};

function fold(payloads: readonly Payload[], secondsBetween = 1): RunFold {
  let folded: RunFold | undefined;
  payloads.forEach((payload, index) => {
    const event = RunEvent.fromPartial({
      sequence: index + 1,
      attempt: 1,
      time: new Date(index * secondsBetween * 1000),
      resumeToken: `t${index + 1}`,
      type: payload.$case,
    });
    folded = applyEvent(folded, { ...event, payload });
  });
  if (folded === undefined) throw new Error("no events");
  return folded;
}

describe("the Run as the fold of its events", () => {
  it("walks from QUEUED to the state its outcome proposed", () => {
    expect(fold([created]).run.state).toBe(Run_State.QUEUED);
    expect(fold([created, attemptStarted]).run.state).toBe(Run_State.STARTING);
    expect(fold([created, attemptStarted, runStarted]).run.state).toBe(Run_State.RUNNING);
    const over = fold([created, attemptStarted, runStarted, outcome(Run_State.COMPLETED), finished]);
    expect(over.run).toMatchObject({
      state: Run_State.COMPLETED,
      lastSequence: 5,
      resumeToken: "t5",
      endTime: new Date(4000),
      startTime: new Date(2000),
    });
  });

  it("keeps the first outcome", () => {
    const twice = fold([created, attemptStarted, runStarted, outcome(Run_State.TIMED_OUT), outcome(Run_State.COMPLETED), finished]);
    expect(twice.run.state).toBe(Run_State.TIMED_OUT);
  });

  it.each([
    ["nothing was begun", [], Run_Effects.NONE, 0],
    ["only reads were begun", [begin("a", Effect.READ)], Run_Effects.NONE, 0],
    ["a write was begun and not confirmed", [begin("a", Effect.WRITE)], Run_Effects.UNKNOWN, 1],
    ["every write was confirmed", [begin("a", Effect.COMMIT), complete("a")], Run_Effects.COMMITTED, 0],
    ["a write failed after the browser had it", [begin("a", Effect.WRITE), fail("a", false)], Run_Effects.UNKNOWN, 1],
    [
      "a write failed after the browser had it, and was done at a second try",
      [begin("a", Effect.WRITE), fail("a", false), begin("b", Effect.WRITE), complete("b")],
      Run_Effects.UNKNOWN,
      1,
    ],
    ["only a read failed", [begin("a", Effect.READ), fail("a", false)], Run_Effects.NONE, 0],
    ["a write failed before the browser had it", [begin("a", Effect.WRITE), fail("a", true)], Run_Effects.NONE, 0],
    [
      "only the first of two writes was handed over",
      [begin("a", Effect.WRITE), complete("a"), begin("b", Effect.COMMIT), fail("b", true)],
      Run_Effects.COMMITTED,
      0,
    ],
    ["a write was not done, and events before it were lost", [begin("a", Effect.WRITE), damaged, fail("a", true)], Run_Effects.UNKNOWN, 0],
    ["a write was confirmed after events were lost", [damaged, begin("a", Effect.WRITE), complete("a")], Run_Effects.UNKNOWN, 0],
    ["events were lost", [damaged], Run_Effects.UNKNOWN, 0],
    ["one of two writes was confirmed", [begin("a", Effect.WRITE), complete("a"), begin("b", Effect.COMMIT)], Run_Effects.UNKNOWN, 1],
  ])("says what it may have changed when %s", (_, actions, effects, unconfirmed) => {
    const { run } = fold([created, attemptStarted, runStarted, ...actions]);
    expect(run.effects).toBe(effects);
    expect(run.unconfirmedActions).toHaveLength(unconfirmed);
  });

  it("counts what it used", () => {
    const { run } = fold([
      created,
      attemptStarted,
      { $case: "sandboxReady", value: { isolation: "process", browser: "", durationMs: 1, warm: false, continued: false } },
      runStarted,
      begin("a", Effect.READ),
      complete("a"),
      { $case: "sandboxExited", value: { signal: "", cause: "", usage: undefined } },
    ]);
    expect(run.usage).toMatchObject({ actions: 1, browserSeconds: 4 });
  });

  it.each([
    ["says", { egressBytes: 7 }],
    ["said in older records", { usage: { egressBytes: 7 } }],
  ])("has no more to do with a sandbox that is kept, and counts what that %s it used of it", (_, used) => {
    const expireTime = new Date(60_000);
    const { run, attempt } = fold([
      created,
      attemptStarted,
      { $case: "sandboxReady", value: { isolation: "process", browser: "", durationMs: 1, warm: false, continued: false } },
      { $case: "sandboxKept", value: SandboxKept.fromPartial({ expireTime, ...used }) },
    ]);
    expect(run.usage).toMatchObject({ browserSeconds: 1, egressBytes: 7 });
    expect(attempt).toMatchObject({ exited: true, exitCause: "", keptUntilMs: 60_000 });
  });

  it("lets time stand still while it waits for a person", () => {
    expect(deadlineMs(fold([created, attemptStarted]))).toBeUndefined();
    expect(deadlineMs(fold([created, attemptStarted, runStarted]))).toBe(12_000);
    expect(deadlineMs(fold([created, attemptStarted, runStarted, inputRequested]))).toBeUndefined();
    expect(deadlineMs(fold([created, attemptStarted, runStarted, inputRequested, inputReceived], 2))).toBe(4_000 + 2_000 + 10_000);
  });

  it("counts its deadline from the first attempt's work, through all later ones", () => {
    const failed: Payload = { $case: "attemptFailed", value: { error: undefined, retryTime: new Date(60_000) } };
    const twice = fold([created, attemptStarted, runStarted, inputRequested, failed, attemptStarted, runStarted]);
    expect(twice.run).toMatchObject({ state: Run_State.RUNNING, startTime: new Date(2_000) });
    // One second of it waited for a person.
    expect(deadlineMs(twice)).toBe(2_000 + 1_000 + 10_000);
    expect(fold([created, attemptStarted, runStarted, failed])).toMatchObject({
      run: { state: Run_State.STARTING },
      attempt: { failure: { retryAtMs: 60_000 } },
    });
  });

  it("lets a later wish to stop shorten the grace and never lengthen it", () => {
    const wish = (graceSeconds: number): Payload => ({ $case: "stopRequested", value: { reason: "r", graceSeconds, by: undefined } });
    expect(fold([created, wish(10), wish(60)]).stop).toMatchObject({ graceSeconds: 10 });
    expect(fold([created, wish(60), wish(0)]).stop).toMatchObject({ graceSeconds: 0 });
  });

  it("remembers its artifacts", () => {
    const artifact = {
      name: "trace.zip",
      kind: Artifact_Kind.TRACE,
      contentType: "application/zip",
      sizeBytes: 1,
      sha256: "x",
      createTime: undefined,
    };
    expect(fold([created, { $case: "artifactStored", value: { artifact } }]).artifacts).toEqual([artifact]);
  });
});
