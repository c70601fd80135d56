import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "@clew/fault/volume-fault";
import { z } from "zod";
import { onVolume } from "../journal/disk.ts";
import { isRunId, type RunId } from "../runs/run-id.ts";
import { writeDurably } from "./volume.ts";

const tombstone = z.object({ tenant: z.string(), why: z.enum(["deleted", "expired"]).default("deleted") });

/** What is left of a run: whose it was, and whether somebody deleted it or it had been kept as long as it was to be. */
export type Tombstone = z.output<typeof tombstone>;

/** What is left of runs that are gone. */
export class Tombstones {
  readonly #folder: string;
  readonly #trash: string;
  readonly #buried: Map<string, Tombstone>;

  private constructor(folder: string, trash: string, buried: Map<string, Tombstone>) {
    this.#folder = folder;
    this.#trash = trash;
    this.#buried = buried;
  }

  /** Reads a volume's tombstones, and ends deletions that were cut short. */
  static async open(volumeFolder: string): Promise<Tombstones> {
    const [folder, trash] = [join(volumeFolder, "tombstones"), join(volumeFolder, "trash")];
    await Promise.all([folder, trash].map((name) => mkdir(name, { recursive: true, mode: 0o700 })));
    const buried = new Map<string, Tombstone>();
    for (const name of (await readdir(folder)).filter(isRunId)) {
      buried.set(name, await readTombstone(join(folder, name)));
    }
    const tombstones = new Tombstones(folder, trash, buried);
    const runs = join(volumeFolder, "runs");
    const left = [...(await namesIn(runs)), ...(await namesIn(trash))];
    for (const runId of new Set(left.filter(isRunId))) {
      // What cannot be removed now is left to the next start: it stays buried.
      if (buried.has(runId)) await tombstones.clear(runId, join(runs, runId)).catch(() => {});
    }
    return tombstones;
  }

  /** What is left of a run that is gone; undefined where none of this id is. */
  of(runId: string): Tombstone | undefined {
    return this.#buried.get(runId);
  }

  /** Says durably that a run is gone, before anything of it is removed: a crash leaves either all of the run or the tombstone. */
  async bury(runId: RunId, left: Tombstone): Promise<void> {
    await writeDurably(join(this.#folder, runId), JSON.stringify(left));
    this.#buried.set(runId, left);
  }

  /** Removes the folder of a run that is buried. @throws Fault VOLUME_FULL or VOLUME_FAILED; the next start tries again. */
  async clear(runId: RunId, runFolder: string): Promise<void> {
    const away = join(this.#trash, runId);
    await onVolume(mkdir(this.#trash, { recursive: true, mode: 0o700 }));
    // What a crash left of an earlier removal would be in the way.
    await onVolume(rm(away, { recursive: true, force: true }));
    // Renamed first: half a folder must never look like a run.
    await onVolume(rename(runFolder, away).catch(passMissing));
    await onVolume(rm(away, { recursive: true, force: true }));
  }
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

function passMissing(error: unknown): void {
  if (!hasCode(error, "ENOENT")) throw error;
}

/** Reads a tombstone; nobody's where it cannot be understood: the run stays deleted. */
async function readTombstone(file: string): Promise<Tombstone> {
  try {
    return tombstone.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return { tenant: "", why: "deleted" };
  }
}
