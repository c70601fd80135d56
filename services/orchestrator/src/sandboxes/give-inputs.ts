import { constants } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { Fault } from "@clew/fault/fault";
import type { InputPath } from "../files/input-files.ts";

const chunkBytes = 256 * 1024;

/**
 * Copies files into the folder of a sandbox that something works in, anew where they are there: whatever that puts in the place of the folder, or of a file, no link is followed.
 *
 * @throws Fault SANDBOX_LOST where the folder is none, or is not left alone.
 */
export async function giveInputs(folder: string, inputs: readonly InputPath[]): Promise<void> {
  if (inputs.length === 0) return;
  await using into = await lost(open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW));
  const owner = await into.stat();
  for (const { name, path } of inputs) {
    await using source = await open(path);
    const place = `/proc/self/fd/${into.fd}/${name}`;
    // An attempt that came no further has left what it copied.
    await lost(rm(place, { force: true }));
    await using copy = await lost(open(place, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o400));
    await pour(source, copy);
    await copy.chown(owner.uid, owner.gid);
  }
}

async function pour(from: FileHandle, into: FileHandle): Promise<void> {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  for (;;) {
    const { bytesRead } = await from.read(chunk, 0, chunkBytes);
    if (bytesRead === 0) return;
    await into.writeFile(chunk.subarray(0, bytesRead));
  }
}

async function lost<T>(reaching: Promise<T>): Promise<T> {
  return await reaching.catch((cause: unknown) => {
    throw new Fault("SANDBOX_LOST", { cause });
  });
}
