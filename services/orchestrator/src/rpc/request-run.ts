import { isRunId, type RunId } from "../runs/run-id.ts";

/** The run that a request names, or an answer tells of. What is no run id may be anything, and is not logged. */
export function runOf(message: unknown): RunId | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const id = "runId" in message ? message.runId : "run" in message ? idOf(message.run) : undefined;
  return typeof id === "string" && isRunId(id) ? id : undefined;
}

function idOf(run: unknown): unknown {
  return typeof run === "object" && run !== null && "id" in run ? run.id : undefined;
}
