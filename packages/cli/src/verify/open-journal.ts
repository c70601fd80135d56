import { open } from "node:fs/promises";
import { Fault } from "@clew/client";
import type { OpenedJournal } from "./check-journal.ts";

/** Opens a journal to be read, and never written. Dispose it to close its file. Throws INVALID_REQUEST where it cannot be read. */
export async function openJournal(file: string): Promise<OpenedJournal & AsyncDisposable> {
  const cannot = (cause: unknown) => new Fault("INVALID_REQUEST", { message: `${file} cannot be read.`, cause });
  const handle = await open(file, "r").catch((cause: unknown) => {
    throw cannot(cause);
  });
  const { size } = await handle.stat();
  return {
    file,
    sizeBytes: size,
    async read(into, offset) {
      let count = 0;
      while (count < into.byteLength) {
        const { bytesRead } = await handle.read(into, count, into.byteLength - count, offset + count);
        if (bytesRead === 0) break;
        count += bytesRead;
      }
      return count;
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}
