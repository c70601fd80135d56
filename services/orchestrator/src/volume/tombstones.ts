import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isRunId, type RunId } from "../runs/run-id.ts";
import { writeDurably } from "./volume.ts";

const tombstone = z.object({ tenant: z.string() });

/** What is left of deleted runs: that they were, and whose. */
export class Tombstones {
  readonly #folder: string;
  readonly #trash: string;
  readonly #tenants: Map<string, string>;

  private constructor(folder: string, trash: string, tenants: Map<string, string>) {
    this.#folder = folder;
    this.#trash = trash;
    this.#tenants = tenants;
  }

  /** Reads a volume's tombstones, and ends deletions that were cut short. */
  static async open(volumeFolder: string): Promise<Tombstones> {
    const [folder, trash] = [join(volumeFolder, "tombstones"), join(volumeFolder, "trash")];
    await Promise.all([folder, trash].map((name) => mkdir(name, { recursive: true, mode: 0o700 })));
    const tenants = new Map<string, string>();
    for (const name of (await readdir(folder)).filter(isRunId)) {
      const parsed = tombstone.safeParse(JSON.parse(await readFile(join(folder, name), "utf8")));
      if (parsed.success) tenants.set(name, parsed.data.tenant);
    }
    const tombstones = new Tombstones(folder, trash, tenants);
    for (const runId of tenants.keys()) if (isRunId(runId)) await tombstones.#sweep(join(volumeFolder, "runs", runId), runId);
    return tombstones;
  }

  /** Whose a deleted run was; undefined where none of this id was deleted. */
  tenantOf(runId: string): string | undefined {
    return this.#tenants.get(runId);
  }

  /** Deletes a run's folder for good. Its tombstone is durable first, so that a crash leaves either all of the run or the tombstone. */
  async bury(runId: RunId, tenant: string, runFolder: string): Promise<void> {
    await writeDurably(join(this.#folder, runId), JSON.stringify({ tenant }));
    this.#tenants.set(runId, tenant);
    await this.#sweep(runFolder, runId);
  }

  async #sweep(runFolder: string, runId: RunId): Promise<void> {
    const away = join(this.#trash, runId);
    // Renamed first: half a folder must never look like a run.
    await rename(runFolder, away).catch(() => {});
    await rm(away, { recursive: true, force: true });
  }
}
