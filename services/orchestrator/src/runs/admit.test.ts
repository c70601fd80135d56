import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { SandboxEvent } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { describe, expect, it } from "vitest";
import { admit } from "./admit.ts";

const state = { producer: "agent", attempt: 2, currentAttempt: 2, position: 4, events: 10, begun: false } as const;
const event = (sequence: number) => SandboxEvent.fromPartial({ sequence, payload: { $case: "runStarted", value: {} } });

describe("admission", () => {
  it.each([
    ["the next event", event(5), state, 100, { kind: "admitted" }],
    ["one the journal has", event(4), state, 100, { kind: "duplicate" }],
    ["one that leaves out another", event(6), state, 100, { kind: "gap", expected: 5 }],
    ["one of an attempt before", event(5), { ...state, attempt: 1 }, 100, { kind: "fenced" }],
    [
      "an agent's word from the warden",
      event(5),
      { ...state, producer: "warden" as const },
      100,
      { kind: "refused", why: "runStarted from the warden" },
    ],
    [
      "one without a payload",
      SandboxEvent.fromPartial({ sequence: 5 }),
      state,
      100,
      { kind: "refused", why: "an event without a payload" },
    ],
    ["a second start of the work", event(5), { ...state, begun: true }, 100, { kind: "refused", why: "a second runStarted" }],
    ["one too many", event(5), { ...state, events: 199_900 }, 100, { kind: "limit" }],
    [
      "an outcome that only the orchestrator may decide",
      SandboxEvent.fromPartial({ sequence: 5, payload: { $case: "outcomePublished", value: { state: Run_State.TERMINATED } } }),
      state,
      100,
      { kind: "refused", why: "an outcome that is neither COMPLETED nor FAILED" },
    ],
    [
      "an action with an id that a Run could not keep",
      SandboxEvent.fromPartial({ sequence: 5, payload: { $case: "actionStarted", value: { actionId: "x".repeat(201) } } }),
      state,
      300,
      { kind: "refused", why: "an action with a name that is too long" },
    ],
    [
      "an outcome with a reason that a Run could not keep",
      SandboxEvent.fromPartial({
        sequence: 5,
        payload: { $case: "outcomePublished", value: { state: Run_State.FAILED, outcome: { error: { reason: "x".repeat(201) } } } },
      }),
      state,
      300,
      { kind: "refused", why: "an outcome with a name that is too long" },
    ],
    [
      "an outcome with a file's name that no file can have",
      SandboxEvent.fromPartial({
        sequence: 5,
        payload: { $case: "outcomePublished", value: { state: Run_State.COMPLETED, outcome: { dataArtifact: "x".repeat(201) } } },
      }),
      state,
      300,
      { kind: "refused", why: "an outcome with a name that is too long" },
    ],
    ["one that is too large", event(5), state, 65_000, { kind: "refused", why: "an event of 65000 bytes" }],
  ])("decides on %s", (_, said, at, bytes, admission) => {
    expect(admit(said, bytes, at)).toEqual(admission);
  });
});
