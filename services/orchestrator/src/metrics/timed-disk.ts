import type { Disk, DiskFile } from "../journal/disk.ts";

/** Told of each time that what was written was to be made durable: how many seconds that took, and whether it is. */
export type OnSynced = (seconds: number, isDurable: boolean) => void;

/** A disk that is timed. */
export function timedDisk(disk: Disk, onSynced: OnSynced): Disk {
  return {
    open: async (path, as) => new TimedFile(await disk.open(path, as), onSynced),
    createFolder: (path) => disk.createFolder(path),
    list: (path) => disk.list(path),
    link: (from, to) => disk.link(from, to),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncFolder: (path) => disk.syncFolder(path),
  };
}

class TimedFile implements DiskFile {
  readonly #file: DiskFile;
  readonly #onSynced: OnSynced;

  constructor(file: DiskFile, onSynced: OnSynced) {
    this.#file = file;
    this.#onSynced = onSynced;
  }

  size(): Promise<number> {
    return this.#file.size();
  }

  read(into: Uint8Array, offset: number): Promise<number> {
    return this.#file.read(into, offset);
  }

  write(bytes: Uint8Array, offset: number): Promise<void> {
    return this.#file.write(bytes, offset);
  }

  async datasync(): Promise<void> {
    const startMs = performance.now();
    let isDurable = false;
    try {
      await this.#file.datasync();
      isDurable = true;
    } finally {
      this.#onSynced((performance.now() - startMs) / 1_000, isDurable);
    }
  }

  truncate(size: number): Promise<void> {
    return this.#file.truncate(size);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
