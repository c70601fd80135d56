import { Effect, Run, Run_Effects, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { ActionCompleted, ActionStarted, RunEvent } from "@clew/proto/grpc/clew/run/v1/run_event";
import { describe, expect, it } from "vitest";
import type { Payload } from "./event.ts";
import { retryAtMs } from "./retry.ts";
import { applyEvent, type RunFold } from "./run.ts";

const begun = "begun";
const lost = "lost";
const write: Payload = { $case: "actionStarted", value: ActionStarted.fromPartial({ actionId: "a", effect: Effect.WRITE }) };
const read: Payload = { $case: "actionStarted", value: ActionStarted.fromPartial({ actionId: "r", effect: Effect.READ }) };
const confirmed: Payload = { $case: "actionCompleted", value: ActionCompleted.fromPartial({ actionId: "a", success: true }) };
const stop: Payload = { $case: "stopRequested", value: { reason: "", graceSeconds: 1, by: undefined } };

/** A run of so many attempts, by whether the work of each began, with more said in the last. All at time 0. */
function runOf(attempts: readonly (typeof begun | typeof lost)[], more: readonly Payload[] = [], timeoutSeconds = 600): RunFold {
  const spec = { timeoutSeconds, retry: { maxAttempts: 2, backoffSeconds: 7 } };
  const run = Run.fromPartial({ id: "r", state: Run_State.QUEUED, effects: Run_Effects.NONE, spec });
  const said: Payload[] = [{ $case: "runCreated", value: { run, by: undefined, requestId: "", requestHmac: "" } }];
  for (const [index, work] of attempts.entries()) {
    if (index > 0) said.push({ $case: "attemptFailed", value: { error: undefined, retryTime: undefined } });
    said.push({ $case: "attemptStarted", value: { cause: "", isolation: "process" } });
    if (work === begun) said.push({ $case: "runStarted", value: { browser: "", stepCount: 1 } });
  }
  let fold: RunFold | undefined;
  for (const [index, payload] of [...said, ...more].entries()) {
    const event = RunEvent.fromPartial({ sequence: index + 1, attempt: 1, time: new Date(0), type: payload.$case });
    fold = applyEvent(fold, { ...event, payload });
  }
  if (fold === undefined) throw new Error("no events");
  return fold;
}

const failure = { reason: "SANDBOX_LOST", retryable: true };

describe("another attempt", () => {
  it.each([
    ["at once where the work had not begun", [lost], [], 1],
    ["at once after the second that was lost so", [lost, lost], [], 1],
    ["after the backoff where the work only read", [begun], [read], 7_001],
    ["at once where a second try of the work was lost before it began", [begun, lost], [], 1],
  ] as const)("follows %s", (_, attempts, more, at) => {
    expect(retryAtMs(runOf(attempts, more), failure, 1)).toBe(at);
  });

  it("follows none of a run that continues in another's browser: there is that one", () => {
    const fold = runOf([lost]);
    const spec = fold.run.spec && { ...fold.run.spec, continueFrom: "run-1" };
    expect(retryAtMs({ ...fold, run: { ...fold.run, spec } }, failure, 1)).toBeUndefined();
    // Nobody had touched that one.
    const ours = { reason: "ORCHESTRATOR_LOST", retryable: true };
    expect(retryAtMs({ ...fold, run: { ...fold.run, spec } }, ours, 1)).toBe(1);
  });

  it("follows however many whose orchestrator ended before their sandboxes had begun", () => {
    const ours = { reason: "ORCHESTRATOR_LOST", retryable: true };
    expect(retryAtMs(runOf([lost, lost, lost]), ours, 1)).toBe(1);
    const error = { code: "UNAVAILABLE", message: "", details: {}, ...ours };
    const again: Payload[] = [
      { $case: "attemptFailed", value: { error, retryTime: undefined } },
      { $case: "attemptStarted", value: { cause: "", isolation: "process" } },
    ];
    expect(retryAtMs(runOf([lost, lost], again), failure, 1)).toBe(1);
    expect(retryAtMs(runOf([lost, lost, lost], again), failure, 1)).toBeUndefined();
  });

  it.each([
    ["the third that was lost before its work began", [lost, lost, lost], []],
    ["work that began as often as was asked", [begun, begun], []],
    ["a write that was begun and not confirmed", [begun], [write]],
    ["a write that was confirmed", [begun], [write, confirmed]],
    ["a wish to stop", [begun], [stop]],
  ] as const)("does not follow %s", (_, attempts, more) => {
    expect(retryAtMs(runOf(attempts, more), failure, 1)).toBeUndefined();
  });

  it("does not follow a write of any attempt before", () => {
    const wrote = runOf([begun], [write]);
    const again = { ...runOf([begun, lost]), run: { ...runOf([begun]).run, effects: wrote.run.effects } };
    expect(retryAtMs({ ...again, attempt: wrote.attempt }, failure, 1)).toBeUndefined();
  });

  it.each([
    ["what no other attempt can mend", { reason: "SANDBOX_MISBEHAVED", retryable: false }],
    ["credentials that are gone", { reason: "CREDENTIALS_LOST", retryable: true }],
  ])("does not follow %s", (_, fault) => {
    expect(retryAtMs(runOf([lost]), fault, 1)).toBeUndefined();
    expect(retryAtMs(runOf([begun]), fault, 1)).toBeUndefined();
  });

  it("does not follow where the run's time would be over", () => {
    expect(retryAtMs(runOf([begun], [], 10), failure, 2_999)).toBe(9_999);
    expect(retryAtMs(runOf([begun], [], 10), failure, 3_000)).toBeUndefined();
  });
});
