import { basename, dirname } from "node:path";
import type { Random } from "./random.ts";

type Change = { readonly offset: number; readonly bytes: Uint8Array } | { readonly size: number };

/** A file: what is read, and what a loss of power leaves for certain. */
export class Inode {
  bytes: Buffer = Buffer.alloc(0);
  synced: Buffer = Buffer.alloc(0);
  changes: Change[] = [];

  change(what: Change): void {
    this.bytes = changed(this.bytes, what);
    this.changes.push(what);
  }

  /** Makes the first changes, as many as are given, durable. */
  sync(count = this.changes.length): void {
    for (const each of this.changes.splice(0, count)) this.synced = changed(this.synced, each);
  }
}

/** A folder: the names in it now, and those a loss of power leaves for certain. */
export class Folder {
  readonly names = new Map<string, Node>();
  durable = new Map<string, Node>();
}

type Node = Inode | Folder;
interface NameChange {
  readonly folder: Folder;
  readonly name: string;
  readonly node: Node | undefined;
}

/** An error as the file system gives it. */
export function diskError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/**
 * The machine's file system. What was done to it outlives the processes. When power is lost, data that was not synced is dropped,
 * kept, or torn at any byte; names in a folder that was not synced are lost from some moment on.
 */
export class SimulatedDisk {
  readonly root = new Folder();
  /** Whether there is no room for one more byte. */
  isFull = false;
  /** How many of the next syncs fail. */
  failingSyncs = 0;
  #nameChanges: NameChange[][] = [];

  /** Finds what a path names. */
  find(path: string): Node | undefined {
    let node: Node | undefined = this.root;
    for (const part of path.split("/")) {
      if (part === "") continue;
      if (!(node instanceof Folder)) return undefined;
      node = node.names.get(part);
    }
    return node;
  }

  file(path: string): Inode {
    const node = this.find(path);
    if (node === undefined) throw diskError("ENOENT");
    if (node instanceof Folder) throw diskError("EISDIR");
    return node;
  }

  folder(path: string): Folder {
    const node = this.find(path);
    if (node === undefined) throw diskError("ENOENT");
    if (!(node instanceof Folder)) throw diskError("ENOTDIR");
    return node;
  }

  /** Opens what a path names as `open` with these flags does. */
  open(path: string, flags: { readonly create: boolean; readonly exclusive: boolean; readonly truncate: boolean }): Node {
    const found = this.find(path);
    if (found !== undefined && flags.exclusive) throw diskError("EEXIST");
    if (found instanceof Folder) return found;
    if (found === undefined && !flags.create) throw diskError("ENOENT");
    const inode = found ?? new Inode();
    if (found === undefined) this.#rename([{ folder: this.folder(dirname(path)), name: basename(path), node: inode }]);
    else if (flags.truncate) inode.change({ size: 0 });
    return inode;
  }

  /** Makes a folder, and with `recursive` those above it; answers the first that it made then. */
  makeFolder(path: string, recursive = false): string | undefined {
    if (this.find(path) instanceof Folder) {
      if (recursive) return undefined;
      throw diskError("EEXIST");
    }
    const above = recursive && this.find(dirname(path)) === undefined ? this.makeFolder(dirname(path), true) : undefined;
    this.#rename([{ folder: this.folder(dirname(path)), name: basename(path), node: new Folder() }]);
    return recursive ? (above ?? path) : undefined;
  }

  link(from: string, to: string): void {
    if (this.find(to) !== undefined) throw diskError("EEXIST");
    this.#rename([{ folder: this.folder(dirname(to)), name: basename(to), node: this.file(from) }]);
  }

  rename(from: string, to: string): void {
    const node = this.find(from);
    if (node === undefined) throw diskError("ENOENT");
    this.#rename([
      { folder: this.folder(dirname(to)), name: basename(to), node },
      { folder: this.folder(dirname(from)), name: basename(from), node: undefined },
    ]);
  }

  remove(path: string): void {
    if (this.find(path) === undefined) throw diskError("ENOENT");
    this.#rename([{ folder: this.folder(dirname(path)), name: basename(path), node: undefined }]);
  }

  write(inode: Inode, bytes: Uint8Array, offset: number): void {
    if (this.isFull) throw diskError("ENOSPC");
    inode.change({ offset, bytes: Buffer.from(bytes) });
  }

  /** Makes a file, or the names in a folder, durable. After a failure the data counts as written, is still read, and is gone after a loss of power. */
  sync(node: Node, count?: number): void {
    if (this.failingSyncs > 0) {
      this.failingSyncs -= 1;
      if (node instanceof Inode) node.changes = [];
      throw diskError("EIO");
    }
    if (node instanceof Inode) {
      node.sync(count);
      return;
    }
    this.#nameChanges = this.#nameChanges.filter((changes) => {
      if (!changes.some(({ folder }) => folder === node)) return true;
      for (const change of changes) setName(change.folder.durable, change);
      return false;
    });
  }

  /** Loses power and comes back. */
  crash(random: Random): void {
    const kept = random.whole(0, this.#nameChanges.length);
    for (const changes of this.#nameChanges.slice(0, kept)) for (const change of changes) setName(change.folder.durable, change);
    this.#nameChanges = [];
    this.isFull = false;
    this.failingSyncs = 0;
    this.#settle(this.root, random, new Set());
  }

  #settle(node: Node, random: Random, seen: Set<Node>): void {
    if (seen.has(node)) return;
    seen.add(node);
    if (node instanceof Folder) {
      node.names.clear();
      for (const [name, child] of node.durable) {
        node.names.set(name, child);
        this.#settle(child, random, seen);
      }
      return;
    }
    const { changes } = node;
    node.changes = [];
    const whole = random.whole(0, changes.length);
    const scattered = random.chance(0.3);
    for (const [index, change] of changes.entries()) {
      if (scattered ? random.chance(0.5) : index < whole) node.synced = changed(node.synced, change);
      else if (!scattered && index === whole && "bytes" in change)
        node.synced = changed(node.synced, { ...change, bytes: change.bytes.subarray(0, random.whole(0, change.bytes.length)) });
    }
    node.bytes = node.synced;
  }

  #rename(changes: NameChange[]): void {
    for (const change of changes) setName(change.folder.names, change);
    this.#nameChanges.push(changes);
  }
}

function setName(names: Map<string, Node>, { name, node }: NameChange): void {
  if (node === undefined) names.delete(name);
  else names.set(name, node);
}

function changed(bytes: Buffer, what: Change): Buffer {
  const size = "size" in what ? what.size : Math.max(bytes.length, what.offset + what.bytes.length);
  const result = Buffer.alloc(size);
  bytes.copy(result);
  if ("bytes" in what) result.set(what.bytes, what.offset);
  return result;
}
