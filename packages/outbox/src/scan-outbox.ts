import { readSync } from "node:fs";
import type { SandboxEvent } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { headerBytes, maxEventBytes, readRecord } from "./record.ts";

const chunkBytes = 1024 * 1024;

/** What a scan found at one place of the file. */
export type Scanned =
  | { readonly kind: "event"; readonly event: SandboxEvent; readonly offset: number; readonly sizeBytes: number }
  | { readonly kind: "end"; readonly offset: number }
  /** Here the good part of the file ends: what follows is nothing, a torn record, or not ours. */
  | { readonly kind: "cut"; readonly offset: number };

/**
 * Scans an open outbox file from its beginning: events 1, 2, 3, … then `end` or `cut`, which is always the last.
 *
 * Holds at most 1 MiB of the file. An event out of its order ends the good part.
 */
export function* scanOutbox(fd: number): Generator<Scanned, void> {
  let buffer: Buffer = Buffer.alloc(0);
  let bufferOffset = 0;
  let offset = 0;
  let sequence = 0;
  for (;;) {
    let record = readRecord(buffer, offset - bufferOffset);
    if (record.kind === "partial") {
      buffer = readAt(fd, offset, chunkBytes + headerBytes + maxEventBytes);
      bufferOffset = offset;
      record = readRecord(buffer, 0);
    }
    if (record.kind === "end") return yield { kind: "end", offset };
    if (record.kind !== "event" || record.event.sequence !== sequence + 1) return yield { kind: "cut", offset };
    sequence += 1;
    yield { kind: "event", event: record.event, offset, sizeBytes: record.sizeBytes };
    offset += record.sizeBytes;
  }
}

/** Reads up to `length` bytes from `offset`; fewer only where the file ends. */
export function readAt(fd: number, offset: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(fd, buffer, filled, length - filled, offset + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}
