import { constants } from "node:fs";
import { diskError, Folder, Inode } from "../world/simulated-disk.ts";
import type { SimulatedProcess } from "../world/simulated-process.ts";
import { here } from "./machine.ts";

interface OpenFile {
  readonly node: Inode | Folder;
  readonly owner: SimulatedProcess;
  readonly path: string;
}

const open = new WeakMap<object, Map<number, OpenFile>>();
let next = 3;

function table(): Map<number, OpenFile> {
  const { disk } = here();
  const found = open.get(disk);
  if (found !== undefined) return found;
  const made = new Map<number, OpenFile>();
  open.set(disk, made);
  next = 3;
  return made;
}

/** Opens a file for a process; one that died meanwhile has no descriptor of it. */
export function openNow(path: string, flags: string | number, owner: SimulatedProcess): number {
  const { disk } = here();
  const text = typeof flags === "number" ? textOf(flags) : flags;
  const node = disk.open(path, { create: !text.startsWith("r"), exclusive: text.includes("x"), truncate: text.startsWith("w") });
  if (node instanceof Folder && !text.startsWith("r")) throw diskError("EISDIR");
  const fd = next++;
  if (!owner.isAlive) return fd;
  table().set(fd, { node, owner, path });
  if (owner.files.size === 0) owner.onDeath.add(() => closeAll(owner));
  owner.files.add(fd);
  return fd;
}

function textOf(flags: number): string {
  if ((flags & (constants.O_WRONLY | constants.O_RDWR | constants.O_CREAT)) !== 0) throw diskError("EINVAL");
  return "r";
}

function closeAll(owner: SimulatedProcess): void {
  for (const fd of owner.files) table().delete(fd);
  owner.files.clear();
}

/** Finds what a descriptor of the process that runs is of. @throws EBADF. */
export function fileOf(fd: number): OpenFile {
  const file = table().get(fd);
  if (file === undefined) throw diskError("EBADF");
  return file;
}

/** Finds the file of a descriptor. @throws EBADF; EISDIR where it is a folder. */
export function inodeOf(fd: number): Inode {
  const { node } = fileOf(fd);
  if (node instanceof Inode) return node;
  throw diskError("EISDIR");
}

/** Closes a descriptor. */
export function closeNow(fd: number): void {
  const { owner } = fileOf(fd);
  table().delete(fd);
  owner.files.delete(fd);
}

/** Reads into `into`, and answers how much there was. */
export function readNow(inode: Inode, into: Uint8Array, at: number): number {
  const part = inode.bytes.subarray(Math.min(at, inode.bytes.length), at + into.byteLength);
  into.set(part);
  return part.length;
}

/** Who has which files open. */
export function openFiles(): { readonly owner: SimulatedProcess; readonly path: string }[] {
  return [...table().values()];
}
