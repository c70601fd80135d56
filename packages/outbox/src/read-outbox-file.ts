import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { SandboxEvent } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { headerBytes, maxEventBytes, measureRecord, readRecord } from "./record.ts";

/** What a dead producer left. */
export interface LeftEvents {
  /** Its events, in order. */
  readonly events: readonly SandboxEvent[];
  /** Whether it had said all it would ever say. */
  readonly complete: boolean;
}

/** How much of the file is wanted. */
export interface ReadOutboxOptions {
  /** The last sequence that is already known; 0 unless given. */
  readonly after?: number;
  /** The most events taken, 10,000 unless given: an honest producer has no more unacknowledged. */
  readonly maxEvents?: number;
  /** The most bytes of events taken, 17 MiB unless given: an honest producer has 16 MiB and one event unacknowledged. */
  readonly maxBytes?: number;
  /** The most bytes before them, 1 GiB unless given. */
  readonly maxSkippedBytes?: number;
  /** Ends the reading; until then it takes as long as the disk does. */
  readonly signal?: AbortSignal;
}

const mebibyte = 1024 * 1024;
const chunkBytes = 256 * 1024;
const nothing: LeftEvents = { events: [], complete: false };

/**
 * Reads what an outbox file holds after a sequence, once its process is gone. A torn end is left out; a missing file holds nothing.
 *
 * The file may come from an untrusted process: a link or anything but a plain file counts as missing, and whatever it holds, the event
 * loop is kept for no longer than a chunk takes. What is known already is passed over unseen. Rejects with the signal's reason.
 */
export async function readOutboxFile(
  file: string,
  { after = 0, maxEvents = 10_000, maxBytes = 17 * mebibyte, maxSkippedBytes = 1024 * mebibyte, signal }: ReadOutboxOptions = {},
): Promise<LeftEvents> {
  await using handle = await openPlainFile(file);
  if (handle === undefined) return nothing;
  const chunk = { bytes: Buffer.alloc(0), offset: 0 };
  /** Reads what stands at a place of the file, from the chunk where that holds it whole. */
  const at = async <R extends { readonly kind: string }>(offset: number, read: (bytes: Buffer, offset: number) => R): Promise<R> => {
    const found = read(chunk.bytes, offset - chunk.offset);
    if (found.kind !== "partial") return found;
    signal?.throwIfAborted();
    Object.assign(chunk, { bytes: await readChunk(handle, offset), offset });
    return read(chunk.bytes, 0);
  };

  let start = 0;
  for (let sequence = 1; sequence <= after; sequence++) {
    const known = await at(start, measureRecord);
    if (known.kind !== "record") return nothing;
    start += known.sizeBytes;
    if (start > maxSkippedBytes) return nothing;
  }
  const events: SandboxEvent[] = [];
  for (let offset = start; ; ) {
    const found = await at(offset, readRecord);
    if (found.kind === "end") return { events, complete: true };
    if (found.kind !== "event" || found.event.sequence !== after + events.length + 1) return { events, complete: false };
    offset += found.sizeBytes;
    if (events.length === maxEvents || offset - start > maxBytes) return { events, complete: false };
    events.push(found.event);
  }
}

async function readChunk(handle: FileHandle, offset: number): Promise<Buffer> {
  const length = chunkBytes + headerBytes + maxEventBytes;
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

async function openPlainFile(file: string): Promise<FileHandle | undefined> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK a named pipe would hold the reader for ever.
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && "code" in error && ["ENOENT", "ELOOP", "ENXIO", "ENOTDIR"].includes(String(error.code))) return undefined;
    throw error;
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  return undefined;
}
