import { constants } from "node:fs";
import { lstat, open } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { isFlatName } from "@clew/outbox/flat-name";
import { placesOf } from "@clew/outbox/work-folder";

const chunkBytes = 64 * 1024;

/** Reads a file that a sandbox left in its folder, from `offset`, where no warden is there to read it. Follows no link: the sandbox could write there. */
export async function* readWorkFile(
  workFolder: string,
  name: string,
  offset: number,
  stay?: number,
): AsyncGenerator<{ readonly chunk: Uint8Array }> {
  const folder = placesOf(workFolder, stay).files;
  if (!isFlatName(name) || !(await lstat(folder)).isDirectory()) throw new Fault("ARTIFACT_NOT_FOUND");
  // Without O_NONBLOCK a named pipe would hold the reader for ever.
  await using file = await open(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if (!(await file.stat()).isFile()) throw new Fault("ARTIFACT_NOT_FOUND");
  for (let at = offset; ; ) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield { chunk: buffer.subarray(0, bytesRead) };
  }
}
