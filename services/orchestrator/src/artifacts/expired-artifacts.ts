import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "@clew/fault/volume-fault";
import { removeInputs } from "../files/input-files.ts";
import { nodeDisk } from "../journal/disk.ts";

/** The folder that artifacts were in, emptied: that it is there says that they are gone, and its time since when. */
const goneFolder = "artifacts-expired";

/** Removes all artifacts of a run, and the files it was given; asked again after a crash, it goes on. Needs no room on the volume. @throws where the run has no folder. */
export async function expireArtifacts(runFolder: string): Promise<void> {
  const gone = join(runFolder, goneFolder);
  try {
    // Renamed first: all of them are gone at once.
    await rename(join(runFolder, "artifacts"), gone);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    // Not with its parents: the folder of a run that was removed meanwhile must not be made anew.
    await nodeDisk.createFolder(gone);
  }
  await removeInputs(runFolder);
  for (const name of await readdir(gone)) await rm(join(gone, name), { recursive: true, force: true });
}

/** Since when a run's artifacts are gone; undefined while they are there. */
export async function artifactsExpireTime(runFolder: string): Promise<Date | undefined> {
  try {
    return (await stat(join(runFolder, goneFolder))).mtime;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
