import { Fault } from "@clew/fault/fault";
import { isRunId } from "./run-id.ts";

/** Says that a run does not exist, and which; of what can be no run's id only a short plain word is repeated. */
export function runNotFound(runId: string): Fault {
  if (isRunId(runId)) return new Fault("RUN_NOT_FOUND", { message: `The run ${runId} does not exist.`, details: { runId } });
  const form = "an id is run- and 32 digits of 0-9 and a-f";
  if (!/^[\w.-]{1,100}$/.test(runId)) return new Fault("RUN_NOT_FOUND", { message: `The run does not exist: ${form}.` });
  return new Fault("RUN_NOT_FOUND", { message: `There is no run '${runId}': ${form}.`, details: { runId } });
}
