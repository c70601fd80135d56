import type { Disk, DiskFile } from "./disk.ts";
import type { DiskCall } from "./memory-disk.ts";

/** A disk whose calls fail when it is told so: `before` is asked ahead of each and may throw what a file system would. */
export class FailingDisk implements Disk {
  before: (call: DiskCall) => void = () => {};
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  async open(path: string, as: "existing" | "exclusive" | "fresh"): Promise<DiskFile> {
    this.before({ name: as === "existing" ? "open" : "make", path });
    return new FailingFile(await this.#disk.open(path, as), (name) => this.before({ name, path }));
  }

  async createFolder(path: string): Promise<void> {
    this.before({ name: "createFolder", path });
    await this.#disk.createFolder(path);
  }

  async list(path: string): Promise<string[]> {
    this.before({ name: "list", path });
    return await this.#disk.list(path);
  }

  async link(from: string, to: string): Promise<void> {
    this.before({ name: "link", path: to });
    await this.#disk.link(from, to);
  }

  async rename(from: string, to: string): Promise<void> {
    this.before({ name: "rename", path: to });
    await this.#disk.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    this.before({ name: "remove", path });
    await this.#disk.remove(path);
  }

  async syncFolder(path: string): Promise<void> {
    this.before({ name: "syncFolder", path });
    await this.#disk.syncFolder(path);
  }

  /** From now on every call of these names fails with this code; the others go through. */
  fail(code: string, ...names: readonly string[]): void {
    this.before = ({ name }) => {
      if (names.includes(name)) throw Object.assign(new Error(code), { code });
    };
  }

  /** From now on all goes well. */
  mend(): void {
    this.before = () => {};
  }
}

class FailingFile implements DiskFile {
  readonly #file: DiskFile;
  readonly #before: (name: string) => void;

  constructor(file: DiskFile, before: (name: string) => void) {
    this.#file = file;
    this.#before = before;
  }

  async size(): Promise<number> {
    this.#before("size");
    return await this.#file.size();
  }

  async read(into: Uint8Array, offset: number): Promise<number> {
    this.#before("read");
    return await this.#file.read(into, offset);
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    this.#before("write");
    await this.#file.write(bytes, offset);
  }

  async datasync(): Promise<void> {
    this.#before("datasync");
    await this.#file.datasync();
  }

  async truncate(size: number): Promise<void> {
    this.#before("truncate");
    await this.#file.truncate(size);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
