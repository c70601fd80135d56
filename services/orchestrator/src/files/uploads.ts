import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { z } from "zod";
import { nodeDisk, onVolume } from "../journal/disk.ts";
import { limits } from "../runs/limits.ts";
import type { Room } from "../volume/room.ts";
import { writeDurably } from "../volume/volume.ts";

const description = z.object({
  tenant: z.string(),
  name: z.string(),
  sizeBytes: z.int().min(0),
  sha256: z.string(),
  expireTimeMs: z.number(),
});

/** A file that somebody stored for a run to come. */
export interface Upload extends z.output<typeof description> {
  readonly fileId: string;
  /** Where its bytes are; whoever needs them for longer links them. */
  readonly path: string;
}

/** Where uploads lie, and what they are bounded by. */
export interface UploadsOptions {
  readonly volumeFolder: string;
  readonly room?: Room | undefined;
  /** Tells the time in milliseconds since 1970. */
  readonly now?: () => number;
}

const fileId = /^file-[0-9a-f]{32}$/;
const suffix = ".json";
/** So much is written between two looks at the room there is. */
const stretchBytes = 8 * 1024 * 1024;
/** What is left for runs under way, whatever is uploaded. */
const sparedBytes = 2 * limits.reserveBytes;

/** Whether a text may name an upload. Nothing else may become part of a path. */
export function isFileId(text: string): boolean {
  return fileId.test(text);
}

/**
 * The files that were stored for runs to come, each kept for 24 hours. A run that is created with one has a link of its own to it, and so keeps
 * it for as long as it is kept itself.
 */
export class Uploads {
  readonly #folder: string;
  readonly #room: Room | undefined;
  readonly #now: () => number;

  constructor({ volumeFolder, room, now = Date.now }: UploadsOptions) {
    this.#folder = join(volumeFolder, "files");
    this.#room = room;
    this.#now = now;
  }

  /**
   * Stores a file as its bytes come: all of it, durably, or nothing.
   *
   * @throws Fault BODY_TOO_LARGE over 100 MiB, VOLUME_FULL, VOLUME_FAILED, or what `chunks` throws.
   */
  async store(tenant: string, name: string, chunks: AsyncIterable<Uint8Array>): Promise<Upload> {
    await onVolume(mkdir(this.#folder, { recursive: true, mode: 0o700 }));
    const id = `file-${randomBytes(16).toString("hex")}`;
    const path = join(this.#folder, id);
    const temporary = `${path}.tmp`;
    const hash = createHash("sha256");
    let sizeBytes = 0;
    let looked = -1;
    try {
      await using file = await onVolume(open(temporary, "wx", 0o600));
      for await (const chunk of chunks) {
        sizeBytes += chunk.byteLength;
        if (sizeBytes > limits.uploadBytes) throw new Fault("BODY_TOO_LARGE", { message: "The file is too large: at most 100 MiB." });
        const stretch = Math.floor(sizeBytes / stretchBytes);
        if (stretch > looked) await this.#room?.require(stretchBytes + sparedBytes);
        looked = stretch;
        hash.update(chunk);
        await onVolume(file.writeFile(chunk));
      }
      await onVolume(file.sync());
      await onVolume(rename(temporary, path));
      const expireTimeMs = this.#now() + limits.uploadHours * 3_600_000;
      const described = { tenant, name, sizeBytes, sha256: hash.digest("hex"), expireTimeMs };
      // Without this nobody finds it: it is written last.
      await writeDurably(path + suffix, JSON.stringify(described));
      return { ...described, fileId: id, path };
    } catch (error) {
      await Promise.all([temporary, path].map((one) => rm(one, { force: true }).catch(() => {})));
      throw error;
    }
  }

  /** Finds a tenant's file. @throws Fault FILE_NOT_FOUND, also for one of another tenant, or whose time is over. */
  async find(tenant: string, id: string): Promise<Upload> {
    const found = isFileId(id) ? await this.#read(id) : undefined;
    if (found === undefined || found.tenant !== tenant || found.expireTimeMs <= this.#now()) throw new Fault("FILE_NOT_FOUND");
    return found;
  }

  /** Removes the files whose time is over, and what uploads that were cut short left. Answers how many files went. */
  async sweep(): Promise<number> {
    const names = await readdir(this.#folder).catch((): string[] => []);
    let removed = 0;
    for (const name of names) {
      const path = join(this.#folder, name);
      const id = name.endsWith(suffix) ? name.slice(0, -suffix.length) : undefined;
      const expireTimeMs = id === undefined ? await this.#expiryOfRest(name, names) : (await this.#read(id))?.expireTimeMs;
      if (expireTimeMs === undefined || expireTimeMs > this.#now()) continue;
      await onVolume(rm(path, { force: true }));
      if (id !== undefined) await onVolume(rm(join(this.#folder, id), { force: true }));
      removed += id === undefined ? 0 : 1;
    }
    if (removed > 0) await onVolume(nodeDisk.syncFolder(this.#folder));
    return removed;
  }

  /** What has no description is no file: it goes when nobody can be writing it any more. */
  async #expiryOfRest(name: string, names: readonly string[]): Promise<number | undefined> {
    if (names.includes(name + suffix)) return undefined;
    const found = await stat(join(this.#folder, name)).catch(() => undefined);
    return found && found.mtimeMs + limits.uploadHours * 3_600_000;
  }

  async #read(id: string): Promise<Upload | undefined> {
    const path = join(this.#folder, id);
    try {
      return { ...description.parse(JSON.parse(await readFile(path + suffix, "utf8"))), fileId: id, path };
    } catch {
      return undefined;
    }
  }
}
