import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { removeFolder } from "@clew/process/remove-folder";
import type { RunId } from "../runs/run-id.ts";
import type { Volume } from "../volume/volume.ts";

/** What a run's folder holds only while its sandbox lives, or a file of that is being stored. */
const ofSandboxes = /^(work-\d+|sandbox\.json(\.new)?|artifact\.[0-9a-f]{12}\.tmp)$/;

/** Removes what is left of sandboxes in the folders of runs that are over, one after the other; a removal may not have outlived a power cut. Answers how many such folders there were; `onLeft` hears what could not be removed. */
export async function clearEndedRuns(
  volume: Pick<Volume, "listRuns" | "runFolder">,
  isEnded: (runId: RunId) => boolean,
  onLeft: (name: string, error: unknown) => void,
  signal: AbortSignal,
): Promise<number> {
  let cleared = 0;
  for (const runId of await volume.listRuns()) {
    if (signal.aborted) break;
    if (!isEnded(runId)) continue;
    const folder = volume.runFolder(runId);
    const left = (await readdir(folder).catch(() => [])).filter((name) => ofSandboxes.test(name));
    for (const name of left) await removeFolder(join(folder, name)).catch((error: unknown) => onLeft(`${runId}/${name}`, error));
    if (left.length > 0) cleared += 1;
  }
  return cleared;
}
