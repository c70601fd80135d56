import { Fault } from "@clew/fault/fault";
import { type Outcome, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { fitOutcome } from "../runs/fit-outcome.ts";
import { failedOutcome, outcomePublished } from "./phrases.ts";
import type { RunLog } from "./run-log.ts";

/** Writes an outcome, short where it would not fit, unless one is durable already. */
export function publish(log: RunLog, attempt: number, state: Run_State, outcome: Outcome): Promise<void> {
  return log.decide(({ run }) => (run.outcome === undefined ? [{ ...outcomePublished(state, fitOutcome(outcome)), attempt }] : []));
}

/** Writes the outcome of a run that was asked to stop, unless it has one. */
export function publishStopped(log: RunLog, attempt: number, partial: Outcome | undefined): Promise<void> {
  const reason = log.fold.stop?.reason ?? "";
  // A caller has a name; the service that stops has none.
  if (log.fold.stop?.by === undefined) return publish(log, attempt, Run_State.FAILED, failedOutcome(new Fault("SHUTDOWN"), partial));
  const fault = new Fault("TERMINATED", reason === "" ? {} : { message: `A caller stopped the run: ${reason}` });
  return publish(log, attempt, Run_State.TERMINATED, failedOutcome(fault, partial));
}
