import type { Run } from "@clew/client/run";
import type { RunEvent } from "@clew/client/run-event";

/** The id of the sample run. */
export const sampleRunId = `run-${"0".repeat(31)}1`;

/** The resume token the samples give after a sequence. */
export function tokenAfter(sequence: number): string {
  return `c1.sample-${sequence}`;
}

/** A Run in the JSON of every door; what is given replaces the sample's. */
export function sampleRun(part: Partial<Run> = {}): Run {
  return {
    id: sampleRunId,
    tenant: "default",
    state: "RUNNING",
    spec: { playbook: "hello", files: [], credentials: {}, checks: [], labels: {} },
    attempt: 1,
    createTime: "2026-01-01T00:00:00Z",
    effects: "NONE",
    unconfirmedActions: [],
    usage: { steps: 0, actions: 0, modelCalls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0, browserSeconds: 0, egressBytes: 0 },
    lastSequence: 0,
    resumeToken: tokenAfter(0),
    ...part,
  };
}

/** The events of a sample run of `length` events (at least 3) that ended in `state`; one lies 0.4 s after the other. */
export function sampleEvents(length: number, state: Run["state"] = "COMPLETED"): readonly RunEvent[] {
  const outcome = {
    summary: state === "COMPLETED" ? "Cancelled order 12345." : "The order could not be cancelled.",
    extractedTexts: [],
    sessionMemory: "",
    truncated: false,
  };
  return Array.from({ length }, (_, index): RunEvent => {
    const sequence = index + 1;
    const envelope = {
      runId: sampleRunId,
      sequence,
      time: new Date(Date.UTC(2026, 0, 1) + index * 400).toISOString().replace(".000Z", "Z"),
      resumeToken: tokenAfter(sequence),
      attempt: 1,
    };
    if (sequence === 1)
      return {
        ...envelope,
        type: "runCreated",
        summary: "Created the run",
        runCreated: { run: sampleRun({ state: "QUEUED" }), requestId: "", requestHmac: "" },
      };
    if (sequence === length - 1)
      return { ...envelope, type: "outcomePublished", summary: outcome.summary, outcomePublished: { state, outcome } };
    if (sequence === length) {
      const run = sampleRun({ state, outcome, lastSequence: length, resumeToken: tokenAfter(length), endTime: envelope.time });
      return { ...envelope, type: "runFinished", summary: `The run ended: ${state}`, runFinished: { run } };
    }
    return {
      ...envelope,
      type: "pageChanged",
      summary: `Opened page ${sequence}`,
      pageChanged: { url: `http://shop.test/${sequence}`, title: "Shop" },
    };
  });
}
