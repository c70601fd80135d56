import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { hasCode } from "@clew/fault/volume-fault";
import { abortable } from "@clew/streams/abortable";

/** A file that was found, and its length in bytes; nothing where it is something else than a file. */
export type ReadFile<T> = (file: FileHandle, sizeBytes: number | undefined) => Promise<T>;

/**
 * Reads a file that an attempt left, where its sandbox may have put anything in its place: no link is followed, and no pipe waited for.
 * Answers nothing where there is none. A disk that does not answer is waited for until the deadline only; the file is closed once it does.
 *
 * @throws the deadline's reason.
 */
export function readLeft<T>(path: string, read: ReadFile<T>, deadline: AbortSignal): Promise<T | undefined> {
  return abortable(openAndRead(path, read), deadline);
}

async function openAndRead<T>(path: string, read: ReadFile<T>): Promise<T | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await file.stat();
    return await read(file, stats.isFile() ? stats.size : undefined);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
