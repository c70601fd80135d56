import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { removeFolder } from "@clew/process/remove-folder";
import type { RunId } from "../runs/run-id.ts";
import type { Volume } from "../volume/volume.ts";
import { type FoundLeftovers, removeEach } from "./found-leftovers.ts";

/** What a run's folder holds only while its sandbox lives, or a file of that is being stored. */
const ofSandboxes = /^(work-\d+|sandbox\.json(\.new)?|artifact\.[0-9a-f]{12}\.tmp)$/;

/** Removes what is left of sandboxes in the folders of runs that are over, one after the other; a removal may not have outlived a power cut. Answers how much there was, and in how many folders; `onLeft` hears what could not be removed. */
export async function clearEndedRuns(
  volume: Pick<Volume, "listRuns" | "runFolder">,
  isEnded: (runId: RunId) => boolean,
  onLeft: (name: string, error: unknown) => void,
  signal: AbortSignal,
): Promise<FoundLeftovers & { readonly runs: number }> {
  const cleared = { runs: 0, found: 0, removed: 0 };
  for (const runId of await volume.listRuns()) {
    if (signal.aborted) break;
    if (!isEnded(runId)) continue;
    const folder = volume.runFolder(runId);
    const left = (await readdir(folder).catch(() => [])).filter((name) => ofSandboxes.test(name));
    if (left.length === 0) continue;
    const { found, removed } = await removeEach(
      left,
      (name) => removeFolder(join(folder, name)),
      (name, error) => onLeft(`${runId}/${name}`, error),
    );
    cleared.runs += 1;
    cleared.found += found;
    cleared.removed += removed;
  }
  return cleared;
}
