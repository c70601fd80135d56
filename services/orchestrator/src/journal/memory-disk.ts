import { basename, dirname } from "node:path";
import type { Disk, DiskFile } from "./disk.ts";

type Change = { readonly offset: number; readonly bytes: Uint8Array } | { readonly size: number };

interface Inode {
  bytes: Buffer;
  /** What a crash leaves for certain. */
  synced: Buffer;
  /** What was done since; a crash leaves some of it. */
  changes: Change[];
}

/** What is asked of the disk just now. */
export interface DiskCall {
  readonly name: string;
  readonly path: string;
}

/** A crash leaves this much of an unsynced write, or none of it, independently of the rest. */
const SECTOR_BYTES = 16;

/**
 * A disk in memory that can lose power: what was not made durable is then lost, or half there.
 * `before` is asked ahead of each call; it may wait (the call is held), throw (it fails) or never settle (power is gone).
 */
export class MemoryDisk implements Disk {
  before: (call: DiskCall) => void | Promise<void> = () => {};
  #names = new Map<string, Inode | "folder">();
  #durableNames = new Map<string, Inode | "folder">();

  constructor(root: string) {
    this.#names.set(root, "folder");
    this.#durableNames.set(root, "folder");
  }

  async open(path: string, as: "existing" | "exclusive" | "fresh"): Promise<DiskFile> {
    await this.before({ name: "open", path });
    const there = this.#names.get(path);
    if (as === "exclusive" && there !== undefined) throw failure("EEXIST");
    if (as === "existing" && there === undefined) throw failure("ENOENT");
    if (there === "folder") throw failure("EISDIR");
    if (this.#names.get(dirname(path)) !== "folder") throw failure("ENOENT");
    const inode = there ?? { bytes: Buffer.alloc(0), synced: Buffer.alloc(0), changes: [] };
    this.#names.set(path, inode);
    if (as === "fresh") change(inode, { size: 0 });
    return new MemoryFile(inode, (name) => this.before({ name, path }));
  }

  async createFolder(path: string): Promise<void> {
    await this.before({ name: "createFolder", path });
    if (!this.#names.has(path)) this.#names.set(path, "folder");
  }

  async list(path: string): Promise<string[]> {
    await this.before({ name: "list", path });
    return [...this.#names.keys()].filter((name) => dirname(name) === path).map((name) => basename(name));
  }

  async link(from: string, to: string): Promise<void> {
    await this.before({ name: "link", path: to });
    if (this.#names.has(to)) throw failure("EEXIST");
    this.#names.set(to, this.#inode(from));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.before({ name: "rename", path: to });
    this.#names.set(to, this.#inode(from));
    this.#names.delete(from);
  }

  async remove(path: string): Promise<void> {
    await this.before({ name: "remove", path });
    this.#names.delete(path);
  }

  async syncFolder(path: string): Promise<void> {
    await this.before({ name: "syncFolder", path });
    for (const name of this.#durableNames.keys()) if (dirname(name) === path) this.#durableNames.delete(name);
    for (const [name, inode] of this.#names) if (dirname(name) === path) this.#durableNames.set(name, inode);
  }

  /** Answers a copy of a file's bytes. */
  bytesOf(path: string): Buffer {
    return Buffer.from(this.#inode(path).bytes);
  }

  /** Puts bytes, durably, in the place of a file's, or makes that file and its folder. */
  setBytes(path: string, bytes: Uint8Array): void {
    this.#names.set(dirname(path), "folder");
    this.#durableNames.set(dirname(path), "folder");
    const inode: Inode = { bytes: Buffer.from(bytes), synced: Buffer.from(bytes), changes: [] };
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  /** Loses power and comes back. `keeps` decides for each piece of an unsynced change whether it had reached the disk. */
  crash(keeps: () => boolean): void {
    this.#names = new Map([...this.#durableNames].filter(([name]) => this.#durableNames.has(dirname(name)) || dirname(name) === "/"));
    for (const inode of this.#names.values()) {
      if (inode === "folder") continue;
      for (const each of inode.changes) {
        for (const piece of pieces(each)) if (keeps()) inode.synced = changed(inode.synced, piece);
      }
      inode.bytes = inode.synced;
      inode.changes = [];
    }
    this.#durableNames = new Map(this.#names);
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined || inode === "folder") throw failure("ENOENT");
    return inode;
  }
}

class MemoryFile implements DiskFile {
  readonly #inode: Inode;
  readonly #before: (name: string) => void | Promise<void>;
  #closed = false;

  constructor(inode: Inode, before: (name: string) => void | Promise<void>) {
    this.#inode = inode;
    this.#before = before;
  }

  async size(): Promise<number> {
    await this.#begin("size");
    return this.#inode.bytes.length;
  }

  async read(into: Uint8Array, offset: number): Promise<number> {
    await this.#begin("read");
    return this.#inode.bytes.copy(into, 0, Math.min(offset, this.#inode.bytes.length));
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    await this.#begin("write");
    change(this.#inode, { offset, bytes: Buffer.from(bytes) });
  }

  async datasync(): Promise<void> {
    const { changes } = this.#inode;
    try {
      await this.#begin("datasync");
    } catch (error) {
      // As Linux has it: what could not be written counts as written from now on, is still read, and is gone after a crash.
      this.#inode.changes = [];
      throw error;
    }
    for (const each of changes) this.#inode.synced = changed(this.#inode.synced, each);
    this.#inode.changes = this.#inode.changes.slice(changes.length);
  }

  async truncate(size: number): Promise<void> {
    await this.#begin("truncate");
    change(this.#inode, { size });
  }

  async close(): Promise<void> {
    await this.#begin("close");
    this.#closed = true;
  }

  async #begin(name: string): Promise<void> {
    if (this.#closed) throw failure("EBADF");
    await this.#before(name);
    if (this.#closed) throw failure("EBADF");
  }
}

function pieces(what: Change): Change[] {
  if ("size" in what) return [what];
  return Array.from({ length: Math.ceil(what.bytes.length / SECTOR_BYTES) }, (_, index) => {
    const at = index * SECTOR_BYTES;
    return { offset: what.offset + at, bytes: what.bytes.subarray(at, at + SECTOR_BYTES) };
  });
}

function change(inode: Inode, what: Change): void {
  inode.bytes = changed(inode.bytes, what);
  inode.changes = [...inode.changes, what];
}

function changed(bytes: Buffer, what: Change): Buffer {
  const size = "size" in what ? what.size : Math.max(bytes.length, what.offset + what.bytes.length);
  const result = Buffer.alloc(size);
  bytes.copy(result);
  if ("bytes" in what) result.set(what.bytes, what.offset);
  return result;
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
