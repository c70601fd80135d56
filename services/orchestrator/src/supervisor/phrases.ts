import type { Fault } from "@clew/fault/fault";
import { type Outcome, Run_State, type RunError } from "@clew/proto/grpc/clew/run/v1/run";
import type { EventDraft } from "../runs/event.ts";

/** Writes a Fault as a run's error. */
export function toRunError({ code, reason, message, retryable, details }: Fault): RunError {
  return { code, reason, message, retryable, details: { ...details } };
}

/** Makes the outcome of a run that did not complete. */
export function failedOutcome(fault: Fault, partial: Outcome | undefined): Outcome {
  return {
    summary: fault.message,
    data: partial?.data,
    extractedTexts: partial?.extractedTexts ?? [],
    sessionMemory: partial?.sessionMemory ?? "",
    error: toRunError(fault),
    truncated: partial?.truncated ?? false,
    dataArtifact: partial?.dataArtifact,
  };
}

/** Says that the outcome is known. */
export function outcomePublished(state: Run_State, outcome: Outcome): EventDraft {
  return {
    summary: `${stateWords[state] ?? "Ended"}: ${outcome.summary}`,
    payload: { $case: "outcomePublished", value: { state, outcome } },
  };
}

/** Says how many runs are to begin before this one. */
export function runQueued(position: number): EventDraft {
  const others = position === 1 ? "another" : `${position} others`;
  const summary = position === 0 ? "Waits for a place" : `Waits for a place behind ${others}`;
  return { summary, payload: { $case: "runQueued", value: { position } } };
}

/** Says that an attempt failed and another follows. */
export function attemptFailed(error: RunError, retryAtMs: number, nowMs: number): EventDraft {
  const wait = Math.round((retryAtMs - nowMs) / 1_000);
  return {
    summary: `The attempt failed, and another follows${wait > 0 ? ` in ${wait} s` : ""}: ${error.message}`,
    payload: { $case: "attemptFailed", value: { error, retryTime: new Date(retryAtMs) } },
  };
}

/** Says that something is worth knowing. */
export function warningRaised(reason: string, message: string, details: Readonly<Record<string, string>> = {}): EventDraft {
  return { summary: message, payload: { $case: "warningRaised", value: { reason, message, details } } };
}

/** A terminal state in words. */
export const stateWords: Readonly<Partial<Record<Run_State, string>>> = {
  [Run_State.COMPLETED]: "Completed",
  [Run_State.FAILED]: "Failed",
  [Run_State.TIMED_OUT]: "Timed out",
  [Run_State.TERMINATED]: "Terminated",
};
