import { Fault } from "@clew/fault/fault";
import type { ReleaseRunRequest, ReleaseRunResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { Caller } from "../access/caller.ts";
import { isTerminal } from "../runs/transitions.ts";
import type { KeptSessions } from "../states/kept-sessions.ts";
import type { Runs } from "../supervisor/runs.ts";

/** Removes what a finished run left for others to go on from, and ends its sandbox where that is kept. @throws Fault RUN_NOT_TERMINAL where it has still to leave it. */
export async function releaseRun(
  { runId }: ReleaseRunRequest,
  caller: Caller,
  runs: Pick<Runs, "get" | "release">,
  sessions: Pick<KeptSessions, "remove">,
): Promise<ReleaseRunResponse> {
  const run = runs.get(runId, caller);
  if (!isTerminal(run.state)) throw new Fault("RUN_NOT_TERMINAL");
  await Promise.all([runs.release(run), sessions.remove(run)]);
  return { run };
}
