import { Run_State as S } from "@clew/proto/grpc/clew/run/v1/run";
import { describe, expect, it } from "vitest";
import { isTerminal, nextState, type Signal, transitions } from "./transitions.ts";

const states = [S.QUEUED, S.STARTING, S.RUNNING, S.WAITING, S.FINALIZING, S.COMPLETED, S.FAILED, S.TIMED_OUT, S.TERMINATED] as const;
const signals: readonly Signal[] = [
  "attemptStarted",
  "attemptFailed",
  "runStarted",
  "inputRequested",
  "inputReceived",
  "outcomePublished",
  "runFinished",
];

describe("the state table", () => {
  it("reaches FINALIZING from every live state, and only by an outcome", () => {
    for (const state of [S.QUEUED, S.STARTING, S.RUNNING, S.WAITING])
      expect(nextState(state, "outcomePublished", S.FAILED)).toBe(S.FINALIZING);
    for (const state of states)
      for (const signal of signals) if (signal !== "outcomePublished") expect(nextState(state, signal, S.FAILED)).not.toBe(S.FINALIZING);
  });

  it("lets nothing lead out of a terminal state", () => {
    for (const state of states.filter(isTerminal)) for (const signal of signals) expect(nextState(state, signal, S.COMPLETED)).toBeNull();
  });

  it("ends in the state the outcome proposed, from FINALIZING alone", () => {
    for (const state of states) {
      const reached = nextState(state, "runFinished", S.TIMED_OUT);
      expect(reached).toBe(state === S.FINALIZING ? S.TIMED_OUT : null);
    }
  });

  it("has a cell for every state and signal", () => {
    for (const state of states) expect(Object.keys(transitions[state]).sort()).toEqual([...signals].sort());
  });
});
