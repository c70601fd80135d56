import type { RunId } from "../runs/run-id.ts";
import { isTerminal } from "../runs/transitions.ts";
import type { RunRows } from "./run-rows.ts";
import type { RunsOptions } from "./runs-options.ts";

/** Finds the runs of a volume that the index does not know to be over, the oldest first, and has it forget those that are gone. */
export async function findUnended(
  { volume, registry, tombstones }: Pick<RunsOptions, "volume" | "registry" | "tombstones">,
  rows: RunRows,
): Promise<RunId[]> {
  const indexed = registry.ids();
  // Of what is buried a folder may be left that could not be removed.
  const found = (await volume.listRuns()).filter((runId) => tombstones.of(runId) === undefined);
  const there = new Set<string>(found);
  for (const id of indexed.keys()) if (!there.has(id)) rows.remove(id);
  // A request that made two runs, while the index was behind, is the first one's.
  return found.sort().filter((runId) => {
    const state = indexed.get(runId);
    return state === undefined || !isTerminal(state);
  });
}
