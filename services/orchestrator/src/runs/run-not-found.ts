import { Fault } from "@clew/fault/fault";
import { isRunId } from "./run-id.ts";

/** Says that a run does not exist, and which; a text that can be no run's id is not repeated. */
export function runNotFound(runId: string): Fault {
  if (!isRunId(runId))
    return new Fault("RUN_NOT_FOUND", { message: "The run does not exist: a run's id is run- and 32 digits of 0-9 and a-f." });
  return new Fault("RUN_NOT_FOUND", { message: `The run ${runId} does not exist.`, details: { runId } });
}
