import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import type { RunId } from "../runs/run-id.ts";
import { isTerminal } from "../runs/transitions.ts";
import type { RunRows } from "./run-rows.ts";
import type { RunsOptions } from "./runs-options.ts";

/** The runs of a volume that the index does not know to be over, the oldest first. */
export interface UnendedRuns {
  /** Those that may have a sandbox which waits for somebody. */
  readonly underWay: readonly RunId[];
  readonly queued: readonly RunId[];
}

/** Finds the runs of a volume that the index does not know to be over, and has it forget those that are gone. */
export async function findUnended(
  { volume, registry, tombstones }: Pick<RunsOptions, "volume" | "registry" | "tombstones">,
  rows: RunRows,
): Promise<UnendedRuns> {
  const indexed = registry.ids();
  // Of what is buried a folder may be left that could not be removed.
  const found = (await volume.listRuns()).filter((runId) => tombstones.of(runId) === undefined);
  const there = new Set<string>(found);
  for (const id of indexed.keys()) if (!there.has(id)) rows.remove(id);
  // A request that made two runs, while the index was behind, is the first one's.
  const unended = found.sort().filter((runId) => {
    const state = indexed.get(runId);
    return state === undefined || !isTerminal(state);
  });
  const isQueued = (runId: RunId) => indexed.get(runId) === Run_State.QUEUED;
  return { underWay: unended.filter((runId) => !isQueued(runId)), queued: unended.filter(isQueued) };
}
