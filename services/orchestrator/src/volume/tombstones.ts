import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
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
    for (const runId of buried.keys()) if (isRunId(runId)) await tombstones.#sweep(join(volumeFolder, "runs", runId), runId);
    return tombstones;
  }

  /** What is left of a run that is gone; undefined where none of this id is. */
  of(runId: string): Tombstone | undefined {
    return this.#buried.get(runId);
  }

  /** Removes a run's folder for good. Its tombstone is durable first, so that a crash leaves either all of the run or the tombstone. */
  async bury(runId: RunId, left: Tombstone, runFolder: string): Promise<void> {
    await writeDurably(join(this.#folder, runId), JSON.stringify(left));
    this.#buried.set(runId, left);
    await this.#sweep(runFolder, runId);
  }

  async #sweep(runFolder: string, runId: RunId): Promise<void> {
    const away = join(this.#trash, runId);
    // Renamed first: half a folder must never look like a run.
    await rename(runFolder, away).catch(() => {});
    await rm(away, { recursive: true, force: true });
  }
}

/** Reads a tombstone; nobody's where it cannot be understood: the run stays deleted. */
async function readTombstone(file: string): Promise<Tombstone> {
  try {
    return tombstone.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return { tenant: "", why: "deleted" };
  }
}
