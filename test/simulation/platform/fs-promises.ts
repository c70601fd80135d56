import { diskError, Inode } from "../world/simulated-disk.ts";
import { statOf } from "./fs.ts";
import { here, onDisk } from "./machine.ts";
import { closeNow, fileOf, inodeOf, openNow, readNow } from "./open-files.ts";

/** `node:fs/promises` on the simulated machine, as much of it as Clew uses. */
class FileHandle {
  readonly fd: number;
  #at = 0;

  constructor(fd: number) {
    this.fd = fd;
  }

  stat() {
    return onDisk(0.05, () => statOf(fileOf(this.fd).node));
  }

  read(buffer: Buffer, start: number, length: number, at: number) {
    return onDisk(0.1, () => ({ buffer, bytesRead: readNow(inodeOf(this.fd), buffer.subarray(start, start + length), at) }));
  }

  writeFile(content: string | Uint8Array): Promise<void> {
    const bytes = Buffer.from(content as Uint8Array);
    const at = this.#at;
    this.#at += bytes.length;
    return onDisk(0.1, () => here().disk.write(inodeOf(this.fd), bytes, at));
  }

  sync(): Promise<void> {
    const { node } = fileOf(this.fd);
    const count = node instanceof Inode ? node.changes.length : undefined;
    return onDisk(1, () => here().disk.sync(node, count));
  }

  close(): Promise<void> {
    return onDisk(0.05, () => closeNow(this.fd));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

export async function open(path: string, flags: string | number): Promise<FileHandle> {
  const owner = here().world.current;
  return new FileHandle(await onDisk(0.1, () => openNow(path, flags, owner)));
}

/** As Node's: answers the first folder it made, where it makes those above too. */
export function mkdir(path: string, { recursive = false }: { readonly recursive?: boolean } = {}): Promise<string | undefined> {
  return onDisk(0.1, () => here().disk.makeFolder(path, recursive));
}

export function readdir(path: string): Promise<string[]> {
  return onDisk(0.1, () => [...here().disk.folder(path).names.keys()]);
}

export function readFile(path: string, encoding?: string): Promise<string | Buffer> {
  return onDisk(0.2, () => {
    const bytes = Buffer.from(here().disk.file(path).bytes);
    return encoding === undefined ? bytes : bytes.toString("utf8");
  });
}

export async function writeFile(path: string, content: string | Uint8Array, { flush = false }: { readonly flush?: boolean } = {}) {
  await using file = await open(path, "w");
  await file.writeFile(content);
  if (flush) await file.sync();
}

export function rename(from: string, to: string): Promise<void> {
  return onDisk(0.1, () => here().disk.rename(from, to));
}

export function link(from: string, to: string): Promise<void> {
  return onDisk(0.1, () => here().disk.link(from, to));
}

export function unlink(path: string): Promise<void> {
  return onDisk(0.1, () => here().disk.remove(path));
}

export function rm(path: string, { force = false }: { readonly force?: boolean; readonly recursive?: boolean } = {}): Promise<void> {
  return onDisk(0.2, () => {
    const { disk } = here();
    if (disk.find(path) !== undefined) disk.remove(path);
    else if (!force) throw diskError("ENOENT");
  });
}

export function stat(path: string) {
  return onDisk(0.05, () => {
    const node = here().disk.find(path);
    if (node === undefined) throw diskError("ENOENT");
    return statOf(node);
  });
}

export function lstat(path: string) {
  return stat(path);
}

function notSimulated(): never {
  throw diskError("ENOSYS");
}

export { notSimulated as access, notSimulated as mkdtemp, notSimulated as truncate };
