import { dirname, join } from "node:path";
import type { Disk, DiskFile } from "./disk.ts";

/** The names the journal has for its files in its run's folder. */
export function journalFiles(folder: string) {
  return {
    folder,
    parent: dirname(folder),
    journal: join(folder, "journal"),
    index: join(folder, "journal.index"),
    /** A journal being written anew, until it is whole and renamed. */
    newJournal: join(folder, "journal.new"),
    newIndex: join(folder, "journal.index.new"),
  };
}

/** Where a run's journal and what belongs to it lie. */
export type JournalFiles = ReturnType<typeof journalFiles>;

/** Writes a file as a whole and durably: what stood under the name before stays until the new one is complete. */
export async function replaceFile(
  disk: Disk,
  files: JournalFiles,
  path: { readonly temporary: string; readonly final: string },
  fill: (file: DiskFile) => Promise<void>,
): Promise<DiskFile> {
  const file = await disk.open(path.temporary, "fresh");
  try {
    await fill(file);
    await file.datasync();
    await disk.rename(path.temporary, path.final);
    await disk.syncFolder(files.folder);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Copies the bytes from `from` to `to` into another file, at the same offsets. */
export async function copyBytes(source: DiskFile, target: DiskFile, from: number, to: number): Promise<void> {
  const space = Buffer.allocUnsafe(Math.min(1024 * 1024, to - from));
  for (let offset = from; offset < to; ) {
    const count = await source.read(space.subarray(0, Math.min(space.length, to - offset)), offset);
    if (count === 0) throw new RangeError("The file is shorter than it was.");
    await target.write(space.subarray(0, count), offset);
    offset += count;
  }
}
