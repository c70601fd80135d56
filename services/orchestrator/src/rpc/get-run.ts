import type { GetRunRequest, GetRunResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { Caller } from "../access/caller.ts";
import { showRun } from "../runs/shown-run.ts";
import type { Runs } from "../supervisor/runs.ts";
import { waitMs } from "./duration.ts";

/** Reads a run as far as the caller may see it, waiting for its end where they would. */
export async function getRun({ runId, wait }: GetRunRequest, caller: Caller, runs: Runs, signal: AbortSignal): Promise<GetRunResponse> {
  return { run: showRun(await runs.waitForEnd(runId, caller, waitMs(wait), signal), caller.types) };
}
