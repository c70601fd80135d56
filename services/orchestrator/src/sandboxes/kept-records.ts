import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import type { Logger } from "@clew/process/logger";
import { z } from "zod";
import { nodeDisk, onVolume } from "../journal/disk.ts";
import { isRunId } from "../runs/run-id.ts";
import { type Volume, writeDurably } from "../volume/volume.ts";
import { sandboxHandle } from "./sandbox-file.ts";

const keptRecord = z.strictObject({
  /** The run that left it. */
  runId: z.string().min(1),
  tenant: z.string(),
  handle: sandboxHandle,
  /** Milliseconds since the epoch since when it is kept. */
  sinceMs: z.int().min(0),
  /** Milliseconds since the epoch at which it ends, where no run continues in it by then. */
  untilMs: z.int().min(0),
});

/** A sandbox that is kept though its run is over. */
export type KeptRecord = z.infer<typeof keptRecord>;

const suffix = ".json";

/** What is on record. */
export interface KeptList {
  /** The oldest first. */
  readonly records: readonly KeptRecord[];
  /** Whether each that there is could be read. */
  readonly isWhole: boolean;
}

/** Which sandboxes are kept, on the volume: the next orchestrator finds them there. */
export class KeptRecords {
  readonly #folder: string;
  readonly #logger: Logger;

  private constructor(folder: string, logger: Logger) {
    this.#folder = folder;
    this.#logger = logger;
  }

  /** Makes their folder, where there is none. */
  static async open(volume: Pick<Volume, "folder">, logger: Logger): Promise<KeptRecords> {
    const folder = join(volume.folder, "kept");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await nodeDisk.syncFolder(volume.folder);
    return new KeptRecords(folder, logger);
  }

  /** Notes one, durably. @throws Fault VOLUME_FULL or VOLUME_FAILED. */
  async save(record: KeptRecord): Promise<void> {
    await writeDurably(this.#file(record.runId), JSON.stringify(record));
  }

  /** Forgets what a run left. Repeatable. @throws Fault VOLUME_FAILED. */
  async remove(runId: string): Promise<void> {
    await onVolume(rm(this.#file(runId), { force: true }));
  }

  /** All there are. What is no record is removed: its sandbox is nobody's then. One that cannot be read now stays for the next time. */
  async list(): Promise<KeptList> {
    const records: KeptRecord[] = [];
    let isWhole = true;
    for (const entry of await readdir(this.#folder, { withFileTypes: true })) {
      const read = entry.isFile() && entry.name.endsWith(suffix) ? await this.#read(entry.name) : undefined;
      if (read === "unread") isWhole = false;
      else if (read !== undefined) records.push(read);
      else await this.#discard(entry.name);
    }
    return { records: records.sort((a, b) => a.sinceMs - b.sinceMs), isWhole };
  }

  /** Reads one; undefined where it is no record. */
  async #read(name: string): Promise<KeptRecord | "unread" | undefined> {
    try {
      return keptRecord.safeParse(parseJson(await readFile(join(this.#folder, name), "utf8"))).data;
    } catch (error) {
      this.#logger.warn({ error, name }, "the record of a kept sandbox could not be read");
      return "unread";
    }
  }

  async #discard(name: string): Promise<void> {
    // What was being written when the orchestrator ended is nothing to speak of.
    if (!name.endsWith(".tmp")) this.#logger.warn({ name }, "what lies among the records of kept sandboxes is none, and is removed");
    await rm(join(this.#folder, name), { recursive: true, force: true });
  }

  #file(runId: string): string {
    if (!isRunId(runId)) throw new Fault("RUN_NOT_FOUND");
    return join(this.#folder, `${runId}${suffix}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
