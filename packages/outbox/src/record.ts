import { crc32 } from "node:zlib";
import { SandboxEvent } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";

/**
 * A record of an outbox file: `length (4) ‖ crc32 of the event (4) ‖ event (length)`, numbers big endian.
 * The last record of a finished outbox has length 0 and a checksum no event of length 0 has.
 */
export const headerBytes = 8;

/** The largest event a record holds, in bytes. */
export const maxEventBytes = 64 * 1024;

const endChecksum = crc32("end");

/** The record that ends a finished outbox. */
export const endRecord: Buffer = header(0, endChecksum);

/** Encodes one event as a record. */
export function encodeRecord(event: SandboxEvent): Buffer {
  const body = SandboxEvent.encode(event).finish();
  return Buffer.concat([header(body.length, crc32(body)), body]);
}

/** What stands at a place of an outbox file: an event, the end, or nothing whole. */
export type ReadRecord =
  | { readonly kind: "event"; readonly event: SandboxEvent; readonly sizeBytes: number }
  | { readonly kind: "end" }
  | { readonly kind: "partial" }
  | { readonly kind: "bad" };

/** Reads the record at `offset`; `partial` where the bytes end too early, `bad` where they are no record. */
export function readRecord(bytes: Buffer, offset: number): ReadRecord {
  if (bytes.length - offset < headerBytes) return { kind: "partial" };
  const length = bytes.readUInt32BE(offset);
  const checksum = bytes.readUInt32BE(offset + 4);
  if (length === 0) return { kind: checksum === endChecksum ? "end" : "bad" };
  if (length > maxEventBytes) return { kind: "bad" };
  const start = offset + headerBytes;
  if (bytes.length - start < length) return { kind: "partial" };
  const body = bytes.subarray(start, start + length);
  if (crc32(body) !== checksum) return { kind: "bad" };
  try {
    return { kind: "event", event: SandboxEvent.decode(body), sizeBytes: headerBytes + length };
  } catch {
    return { kind: "bad" };
  }
}

/** How large the record at `offset` says it is. Its body is not looked at, and need not be there. */
export function measureRecord(
  bytes: Buffer,
  offset: number,
): { readonly kind: "record"; readonly sizeBytes: number } | { readonly kind: "partial" | "bad" } {
  if (bytes.length - offset < headerBytes) return { kind: "partial" };
  const length = bytes.readUInt32BE(offset);
  return length === 0 || length > maxEventBytes ? { kind: "bad" } : { kind: "record", sizeBytes: headerBytes + length };
}

function header(length: number, checksum: number): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  bytes.writeUInt32BE(length, 0);
  bytes.writeUInt32BE(checksum, 4);
  return bytes;
}
