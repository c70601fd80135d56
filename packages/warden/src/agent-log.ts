import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Bytes of an agent's log that are kept. */
const keptBytes = 16 * 1024 * 1024;

/** Writes what an agent logs to a file; what comes beyond 16 MiB is read and thrown away. Resolves when all who could write have ended; never rejects. */
export async function writeAgentLog(output: Readable, file: string): Promise<void> {
  await pipeline(output, firstBytes, createWriteStream(file, { flags: "a", mode: 0o600 })).catch(() => {});
}

async function* firstBytes(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let left = keptBytes;
  for await (const chunk of chunks) {
    const kept = chunk.subarray(0, left);
    left -= kept.length;
    if (kept.length > 0) yield kept;
  }
}
