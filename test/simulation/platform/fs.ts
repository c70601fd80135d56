import { constants as real } from "node:fs";
import { diskError, Folder, type Inode } from "../world/simulated-disk.ts";
import { here, onDisk } from "./machine.ts";
import { closeNow, fileOf, inodeOf, openNow, readNow } from "./open-files.ts";

/** `node:fs` on the simulated machine, as much of it as Clew uses. */
export const constants = real;

type Done<T> = (error: Error | null, value: T) => void;

function answer<T>(ms: number, done: Done<T>, apply: () => T, applyPart?: () => void): void {
  onDisk(ms, apply, applyPart).then(
    (value) => done(null, value),
    (error: Error) => done(error, undefined as T),
  );
}

export function open(path: string, flags: string, ...rest: readonly unknown[]): void {
  const done = rest.at(-1) as Done<number>;
  const owner = here().world.current;
  answer(0.1, done, () => openNow(path, flags, owner));
}

export function close(fd: number, done: Done<void>): void {
  answer(0.05, done, () => closeNow(fd));
}

export function fstat(fd: number, done: Done<ReturnType<typeof statOf>>): void {
  answer(0.05, done, () => statOf(fileOf(fd).node));
}

export function read(fd: number, into: Uint8Array, start: number, length: number, at: number, done: Done<number>): void {
  answer(0.1, done, () => readNow(inodeOf(fd), into.subarray(start, start + length), at));
}

export function write(fd: number, bytes: Uint8Array, start: number, length: number, at: number, done: Done<number>): void {
  const { disk, world } = here();
  const inode = inodeOf(fd);
  const whole = bytes.slice(start, start + length);
  const put = (some: Uint8Array) => {
    disk.write(inode, some, at);
    return some.length;
  };
  // A process that is killed in a write has written any part of it.
  answer(
    0.1,
    done,
    () => put(whole),
    () => put(whole.subarray(0, world.random.whole(0, whole.length))),
  );
}

export function fdatasync(fd: number, done: Done<void>): void {
  const { node } = fileOf(fd);
  const count = node instanceof Folder ? undefined : node.changes.length;
  answer(1, done, () => here().disk.sync(node, count));
}

export function fsync(fd: number, done: Done<void>): void {
  fdatasync(fd, done);
}

export function ftruncate(fd: number, size: number, done: Done<void>): void {
  answer(0.1, done, () => inodeOf(fd).change({ size }));
}

export function openSync(path: string, flags: string | number): number {
  return openNow(path, flags, here().world.current);
}

export function closeSync(fd: number): void {
  closeNow(fd);
}

export function fstatSync(fd: number) {
  return statOf(fileOf(fd).node);
}

export function readSync(fd: number, into: Uint8Array, start: number, length: number, at: number): number {
  return readNow(inodeOf(fd), into.subarray(start, start + length), at);
}

export function writeSync(fd: number, bytes: Uint8Array, start = 0): number {
  const inode = inodeOf(fd);
  here().disk.write(inode, bytes.subarray(start), inode.bytes.length);
  return bytes.length - start;
}

export function ftruncateSync(fd: number, size: number): void {
  inodeOf(fd).change({ size });
}

export function rmSync(path: string): void {
  const { disk } = here();
  if (disk.find(path) !== undefined) disk.remove(path);
}

/** What `stat` says of a file or folder. */
export function statOf(node: Inode | Folder) {
  const isFolder = node instanceof Folder;
  return { size: isFolder ? 0 : node.bytes.length, isFile: () => !isFolder, isDirectory: () => isFolder };
}

function notSimulated(): never {
  throw diskError("ENOSYS");
}

export {
  notSimulated as accessSync,
  notSimulated as createReadStream,
  notSimulated as existsSync,
  notSimulated as readFileSync,
  notSimulated as statSync,
};
