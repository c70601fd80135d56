import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Fault, invalidRequest } from "@clew/fault/fault";
import type { Handler } from "@clew/grpc/service";
import { isFlatName } from "@clew/outbox/flat-name";
import type { WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";

const chunkBytes = 64 * 1024;

/**
 * Reads a file the work left, in chunks of at most 64 KiB. `files` answers the opened folder it lies in.
 *
 * The sandbox is not trusted: the folder is opened already, and a link or anything but a plain file is not found.
 */
export function readWorkFile(files: () => FileHandle): Handler<WardenServiceService["readWorkFile"]> {
  return async function* ({ name, offset }, { signal }) {
    if (!isFlatName(name)) throw invalidRequest([{ field: "name", rule: "pattern", message: "Give a flat file name." }]);
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw invalidRequest([{ field: "offset", rule: "range", message: "Give a whole number of bytes, 0 or more." }]);
    }
    await using file = await openPlainFile(`/proc/self/fd/${files().fd}/${name}`);
    for (let position = offset; ; ) {
      signal.throwIfAborted();
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield { chunk: buffer.subarray(0, bytesRead) };
    }
  };
}

async function openPlainFile(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    // Without O_NONBLOCK a named pipe would hold the reader for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    throw new Fault("FILE_NOT_FOUND", { message: "The sandbox has no such file.", cause });
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Fault("FILE_NOT_FOUND", { message: "The sandbox has no such file." });
}
