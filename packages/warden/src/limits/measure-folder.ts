import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";

/** What lies in a folder. */
export interface FolderSize {
  readonly bytes: number;
  readonly files: number;
}

/** Measures the bytes and files in a folder and all below, following no link. Ends early once there is more than `most` of either. Files that go meanwhile are not counted. */
export async function measureFolder(folder: string, most: FolderSize): Promise<FolderSize> {
  let [bytes, files] = [0, 0];
  const folders = [folder];
  for (const path of folders) {
    const entries = await opendir(path).catch(() => undefined);
    if (entries === undefined) continue;
    for await (const entry of entries) {
      files += 1;
      if (entry.isDirectory()) folders.push(join(path, entry.name));
      else bytes += await sizeOf(join(path, entry.name));
      if (bytes > most.bytes || files > most.files) return { bytes, files };
    }
  }
  return { bytes, files };
}

/** Blocks of 512 bytes, so that a hole counts as none. */
async function sizeOf(path: string): Promise<number> {
  return await lstat(path).then(
    ({ blocks }) => blocks * 512,
    () => 0,
  );
}
