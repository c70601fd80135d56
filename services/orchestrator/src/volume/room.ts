import { randomBytes } from "node:crypto";
import { open, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { limits } from "../runs/limits.ts";

/** Where the reserve lies, and how room is measured. */
export interface RoomOptions {
  readonly folder: string;
  /** Answers how many bytes may still be written in a folder; what the file system says unless given. */
  readonly freeBytes?: (folder: string) => Promise<number>;
  /** Milliseconds between two looks; 1,000 unless given. */
  readonly lookMs?: number;
}

/** Is told when the volume becomes full, and when there is room again. */
export type OnRoom = (isFull: boolean) => void;

/** Blocks that hold nothing, or all the same, may take no room on some file systems. */
const block = () => randomBytes(1024 * 1024);

/**
 * The room on a volume. A file of 16 MiB is held in reserve; it is given up when a write finds no room, or when a look finds
 * nearly none, so that runs can be ended, and made again when there is room for it. In between the volume is full: nothing is begun.
 */
export class Room implements AsyncDisposable {
  readonly #file: string;
  readonly #folder: string;
  readonly #freeBytes: (folder: string) => Promise<number>;
  readonly #listeners = new Set<OnRoom>();
  readonly #timer: NodeJS.Timeout;
  #isFull: boolean;
  #looking: Promise<void> | undefined;

  private constructor({ folder, freeBytes = freeBytesOf, lookMs = 1_000 }: RoomOptions, isFull: boolean) {
    this.#folder = folder;
    this.#file = reserveFile(folder);
    this.#freeBytes = freeBytes;
    this.#isFull = isFull;
    this.#timer = setInterval(() => void this.look(), lookMs);
  }

  /** Makes the reserve, where it is not there from before. On a volume without room for it, the volume is full from the start. */
  static async open(options: RoomOptions): Promise<Room> {
    const { size } = await stat(reserveFile(options.folder)).catch(() => ({ size: 0 }));
    const room = new Room(options, size !== limits.reserveBytes);
    await room.look();
    return room;
  }

  /** Whether the reserve is given up: nothing new is begun then. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Tells `onRoom` of each change from now on. Dispose the answer to be told no more. */
  watch(onRoom: OnRoom): Disposable {
    this.#listeners.add(onRoom);
    return { [Symbol.dispose]: () => void this.#listeners.delete(onRoom) };
  }

  /** Looks whether there is room, and answers whether the volume is full; never rejects. */
  async look(): Promise<boolean> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
    return this.#isFull;
  }

  /** Gives up the reserve, for a write that found no room. Resolves once its room is free; never rejects. */
  async giveUp(): Promise<void> {
    // A reserve that is just being made would come back.
    await this.#looking;
    await this.#spend();
  }

  /** Resolves when something may be begun that needs so many bytes. @throws Fault VOLUME_FULL. */
  async require(bytes = 0): Promise<void> {
    const isShort = async () => bytes > 0 && (await this.#freeBytes(this.#folder)) < bytes + limits.lowRoomBytes;
    if ((await this.look()) || (await isShort())) throw new Fault("VOLUME_FULL", { retryAfterMs: 10_000 });
  }

  /** Stops looking. The reserve stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const free = await this.#freeBytes(this.#folder).catch(() => undefined);
    if (free === undefined) return;
    if (!this.#isFull && free < limits.lowRoomBytes) await this.#spend();
    // With as much again to spare, or it would be given up at once.
    else if (this.#isFull && free >= 2 * limits.reserveBytes) await this.#make();
  }

  async #spend(): Promise<void> {
    // Where it cannot even be removed there is nothing to be had of it.
    await rm(this.#file, { force: true }).catch(() => {});
    this.#tell(true);
  }

  async #make(): Promise<void> {
    try {
      await using file = await open(this.#file, "w", 0o600);
      const bytes = block();
      for (let written = 0; written < limits.reserveBytes; written += bytes.length) await file.writeFile(bytes);
      await file.sync();
    } catch {
      // Also where there is room and the disk fails: the next look tries again.
      await rm(this.#file, { force: true }).catch(() => {});
      return;
    }
    this.#tell(false);
  }

  #tell(isFull: boolean): void {
    if (this.#isFull === isFull) return;
    this.#isFull = isFull;
    for (const listener of [...this.#listeners]) listener(isFull);
  }
}

function reserveFile(folder: string): string {
  return join(folder, "reserve");
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
