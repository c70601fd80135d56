import { close, fdatasync, fstat, fsync, ftruncate, open, read, write } from "node:fs";
import { link, mkdir, readdir, rename, rm } from "node:fs/promises";
import { promisify } from "node:util";
import { hasCode, volumeFault } from "@clew/fault/volume-fault";

/** An open file. Whoever opened it closes it, once none of its calls is under way. */
export interface DiskFile {
  /** Answers its length in bytes. */
  size(): Promise<number>;
  /** Fills `into` from `offset` on and answers how many bytes there were; fewer only at the end of the file. */
  read(into: Uint8Array, offset: number): Promise<number>;
  /** Writes all the bytes at `offset`. They survive this process, but not the machine before `datasync`. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** Resolves when all that was written is durable. After a failure nothing is known of it, and asking again proves nothing. */
  datasync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** The few calls of a file system the journal stands on. Errors are Node's, with their `code`. */
export interface Disk {
  /** Opens a file: `existing` as it is, `exclusive` only where there is none, `fresh` emptied. */
  open(path: string, as: "existing" | "exclusive" | "fresh"): Promise<DiskFile>;
  /** Makes a folder where there is none; its parent must be there. */
  createFolder(path: string): Promise<void>;
  /** Answers the names in a folder. */
  list(path: string): Promise<string[]>;
  /** Gives a file a second name, which must be free. */
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, if it is there. */
  remove(path: string): Promise<void>;
  /** Makes the names in a folder durable. */
  syncFolder(path: string): Promise<void>;
}

const flags = { existing: "r+", exclusive: "wx+", fresh: "w+" } as const;
const openFile = promisify(open);
const closeFile = promisify(close);
const syncFile = promisify(fsync);

// Plain descriptors and callbacks: a FileHandle costs more on every call, and appends are many.
class NodeFile implements DiskFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  size(): Promise<number> {
    return new Promise((resolve, reject) => {
      fstat(this.#fd, (error, stats) => (error === null ? resolve(stats.size) : reject(error)));
    });
  }

  read(into: Uint8Array, offset: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const readFrom = (start: number): void => {
        read(this.#fd, into, start, into.byteLength - start, offset + start, (error, count) => {
          if (error !== null) return reject(error);
          const end = start + count;
          if (count === 0 || end === into.byteLength) return resolve(end);
          readFrom(end);
        });
      };
      readFrom(0);
    });
  }

  write(bytes: Uint8Array, offset: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const writeFrom = (start: number): void => {
        write(this.#fd, bytes, start, bytes.byteLength - start, offset + start, (error, count) => {
          if (error !== null) return reject(error);
          if (start + count === bytes.byteLength) return resolve();
          writeFrom(start + count);
        });
      };
      writeFrom(0);
    });
  }

  datasync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  truncate(size: number): Promise<void> {
    return promisify(ftruncate)(this.#fd, size);
  }

  close(): Promise<void> {
    return closeFile(this.#fd);
  }
}

/** The real file system. */
export const nodeDisk: Disk = {
  open: async (path, as) => new NodeFile(await openFile(path, flags[as], 0o600)),
  createFolder: async (path) => {
    try {
      await mkdir(path, { mode: 0o700 });
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
  },
  list: (path) => readdir(path),
  link,
  rename,
  remove: (path) => rm(path, { force: true }),
  syncFolder: async (path) => {
    const folder = await openFile(path, "r");
    try {
      await syncFile(folder);
    } finally {
      await closeFile(folder);
    }
  },
};

/** Waits for calls of the file system. @throws Fault VOLUME_FULL or VOLUME_FAILED where they fail. */
export async function onVolume<T>(calls: Promise<T>): Promise<T> {
  try {
    return await calls;
  } catch (error) {
    throw volumeFault(error);
  }
}
