import type { Actor } from "@clew/proto/grpc/clew/run/v1/run";
import { graceEndsAtMs } from "../runs/run.ts";
import type { RunLog } from "./run-log.ts";

/** Writes that a run is asked to stop, unless its outcome is known or an earlier wish ends it sooner. Without `by` it is the service that stops. */
export function askToStop(log: RunLog, reason: string, graceSeconds: number, by: Actor | undefined): Promise<void> {
  return log.decide(({ run, stop }) => {
    if (run.outcome !== undefined) return [];
    if (stop !== undefined && graceEndsAtMs(stop) <= Date.now() + graceSeconds * 1000) return [];
    const summary = reason === "" ? "Asked to stop" : `Asked to stop: ${reason}`;
    return [{ attempt: run.attempt, summary, payload: { $case: "stopRequested", value: { reason, graceSeconds, by } } }];
  });
}
