import { InputRequested, Run, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { RunEvent } from "@clew/proto/grpc/clew/run/v1/run_event";
import { describe, expect, it } from "vitest";
import { deadlineMs, personRestMs, sandboxRestMs } from "./deadline.ts";
import type { Payload } from "./event.ts";
import { limits } from "./limits.ts";
import { applyEvent, type RunFold } from "./run.ts";

const run = Run.fromPartial({ state: Run_State.QUEUED, spec: { timeoutSeconds: 100, waitForPersonSeconds: 60 } });
const begin: readonly (readonly [number, Payload])[] = [
  [0, { $case: "runCreated", value: { run, by: undefined, requestId: "", requestHmac: "" } }],
  [0, { $case: "attemptStarted", value: { cause: "", isolation: "process" } }],
  [10, { $case: "runStarted", value: { browser: "", stepCount: 1 } }],
];
const asks = (id: string, until: number): Payload => ({
  $case: "inputRequested",
  value: InputRequested.fromPartial({ inputId: id, kind: 1, expireTime: new Date(until * 1_000) }),
});
const answers = (inputId: string): Payload => ({
  $case: "inputReceived",
  value: { inputId, by: undefined, decision: "approved", answer: "", answerHmac: "h" },
});

/** What events come to, each at so many seconds. */
function fold(...more: readonly (readonly [number, Payload])[]): RunFold {
  let folded: RunFold | undefined;
  [...begin, ...more].forEach(([seconds, payload], index) => {
    const event = RunEvent.fromPartial({ sequence: index + 1, attempt: 1, time: new Date(seconds * 1_000), type: payload.$case, payload });
    folded = applyEvent(folded, { ...event, payload });
  });
  if (folded === undefined) throw new Error("There are no events.");
  return folded;
}

describe("the time of a run that asks people", () => {
  it("stands still while it waits, and goes on with what is left", () => {
    expect(deadlineMs(fold())).toBe(110_000);
    const waiting = fold([30, asks("a", 90)]);
    expect([deadlineMs(waiting), waiting.run.state, waiting.run.awaits?.inputId]).toEqual([undefined, Run_State.WAITING, "a"]);
    const answered = fold([30, asks("a", 90)], [50, answers("a")]);
    expect([deadlineMs(answered), answered.run.state, answered.run.awaits]).toEqual([130_000, Run_State.RUNNING, undefined]);
  });

  it("is one for all its questions", () => {
    expect(personRestMs(fold())).toBe(60_000);
    expect(personRestMs(fold([30, asks("a", 90)], [50, answers("a")]))).toBe(40_000);
    expect(personRestMs(fold([30, asks("a", 90)], [50, answers("a")], [60, asks("b", 100)], [101, answers("b")]))).toBe(0);
  });

  it("leaves its sandbox what it may still wait, what it may still work, and what storing takes", () => {
    const rest = (now: number, ...more: readonly (readonly [number, Payload])[]) =>
      sandboxRestMs(fold(...more), now * 1_000) - limits.finalizeMs;
    expect(rest(40)).toBe(70_000);
    expect(rest(40, [30, asks("a", 90)])).toBe(80_000 + 50_000);
    expect(rest(95, [30, asks("a", 90)])).toBe(80_000);
    expect(rest(60, [30, asks("a", 90)], [50, answers("a")])).toBe(70_000);
  });
});
