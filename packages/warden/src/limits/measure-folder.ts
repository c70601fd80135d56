import { lstat, opendir } from "node:fs/promises";
import { hasCode } from "@clew/fault/volume-fault";

/** What lies in a folder. */
export interface FolderSize {
  readonly bytes: number;
  readonly files: number;
}

/** Names are bytes, which need not be text. */
const nameEncoding = "latin1";

/** What cannot be looked at, and is there, may be of any size. */
const unknown: FolderSize = { bytes: Number.POSITIVE_INFINITY, files: Number.POSITIVE_INFINITY };

/**
 * Measures the bytes and files in folders and all below, following no link. Ends early once there is more than `most` of either. Files that go meanwhile are not counted;
 * where something is locked, or lies too deep to be named, there is more than any limit.
 *
 * @throws Error when nobody could look now, as where too many files are open.
 */
export async function measureFolders(within: readonly string[], most: FolderSize): Promise<FolderSize> {
  let [bytes, files] = [0, 0];
  const folders = within.map((path) => Buffer.from(path));
  try {
    for (const path of folders) {
      for await (const entry of entriesOf(path)) {
        files += 1;
        const inner = Buffer.concat([path, Buffer.from("/"), Buffer.from(entry.name, nameEncoding)]);
        if (entry.isDirectory()) folders.push(inner);
        else bytes += await sizeOf(inner);
        if (bytes > most.bytes || files > most.files) return { bytes, files };
      }
    }
  } catch (error) {
    if (isHidden(error)) return unknown;
    throw error;
  }
  return { bytes, files };
}

async function* entriesOf(folder: Buffer) {
  try {
    yield* await opendir(folder, { encoding: nameEncoding });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Blocks of 512 bytes, so that a hole counts as none. */
async function sizeOf(path: Buffer): Promise<number> {
  try {
    return (await lstat(path)).blocks * 512;
  } catch (error) {
    if (isGone(error)) return 0;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return hasCode(error, "ENOENT", "ENOTDIR");
}

function isHidden(error: unknown): boolean {
  return hasCode(error, "EACCES", "EPERM", "ELOOP", "ENAMETOOLONG");
}
