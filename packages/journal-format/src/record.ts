import { hash } from "node:crypto";
import type { Position } from "./position.ts";

/**
 * A record, as it lies in the file (numbers are big-endian):
 *
 *     … chain │ marker 4 │ length 4 │ sequence 4 │ attempt 4 │ producer sequence 4 │ durable 4 │ time 8 │ producer 1 │ 000 │ body │ chain 8 │ …
 *       of the record before                                                                                                    of this one
 *
 * The chain stands last, so that what it covers, the chain before and the record up to here, is one run of bytes of the file:
 * a record is checked, wherever one meets it, by one hash over the bytes from eight before its start.
 * The file header ends with chain 0, so this holds for the first record too.
 */

/** Who made a record's event. */
export const Producer = { ORCHESTRATOR: 0, AGENT: 1, WARDEN: 2 } as const;
export type Producer = (typeof Producer)[keyof typeof Producer];

/** The largest body, in bytes. */
export const MAX_BODY_BYTES = 64 * 1024;
/** How many bytes a chain has. */
export const CHAIN_BYTES = 8;
const HEADER_BYTES = 36;
/** What a record takes beyond its body, in bytes. */
export const RECORD_OVERHEAD_BYTES = HEADER_BYTES + CHAIN_BYTES;
/** The largest record, in bytes. */
export const MAX_RECORD_BYTES = RECORD_OVERHEAD_BYTES + MAX_BODY_BYTES;

/** What a record says, without what is only known once it has its place in the file. */
export interface RecordFields {
  /** 1, 2, 3, … */
  readonly sequence: number;
  readonly attempt: number;
  readonly producer: Producer;
  /** The number the producer gave its event; 0 where the producer is the orchestrator itself. */
  readonly producerSequence: number;
  /** The last sequence known durable when this record was written. */
  readonly durable: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly body: Uint8Array;
}

/** A record at its place in the file. It is the position of a reader who has just had it. */
export interface JournalRecord extends RecordFields, Position {}

/** What `decodeRecord` found: a record that holds, the need for more bytes, or neither. */
export type Decoded =
  | { readonly kind: "record"; readonly record: JournalRecord; readonly end: number }
  | { readonly kind: "short" }
  | { readonly kind: "bad" };

/** The chain before the first record. It depends on the run alone, so that a good prefix can be copied as it is into the journal's next epoch. */
export function chainOfRun(runId: string): Uint8Array {
  return new Uint8Array(hash("sha256", `clew journal chain ${runId}`, "buffer").subarray(0, CHAIN_BYTES));
}

/** The four bytes every record of a run begins with: by them records are found again behind a damage. */
export function markerOfRun(runId: string): Uint8Array {
  return new Uint8Array(hash("sha256", `clew journal marker ${runId}`, "buffer").subarray(0, 4));
}

// The digest as a one-byte string is half the cost of a digest as a Buffer; its first characters are the chain.
function digestOf(bytes: Buffer, start: number, end: number): string {
  return hash("sha256", bytesOf(bytes, start, end), "latin1");
}

function writeChain(into: Buffer, start: number, end: number): void {
  into.write(digestOf(into, start, end), end, CHAIN_BYTES, "latin1");
}

/** Whether the chain over some bytes follows them. */
function hasChain(bytes: Buffer, start: number, end: number): boolean {
  const digest = digestOf(bytes, start, end);
  for (let index = 0; index < CHAIN_BYTES; index += 1) if (bytes[end + index] !== digest.charCodeAt(index)) return false;
  return true;
}

/** A view of some of the bytes: for the same as a Buffer, Node does much more. */
function bytesOf({ buffer, byteOffset }: Buffer, start: number, end: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset + start, end - start);
}

/**
 * Writes a record at `at` and answers where it ends. The eight bytes before `at` must hold the previous chain.
 * Throws RangeError when the body is over MAX_BODY_BYTES.
 */
export function encodeRecord(into: Buffer, at: number, marker: Uint8Array, fields: RecordFields): number {
  const { body } = fields;
  if (body.byteLength > MAX_BODY_BYTES) throw new RangeError(`A record's body has at most ${MAX_BODY_BYTES} bytes.`);
  into.set(marker, at);
  into.writeUInt32BE(body.byteLength, at + 4);
  into.writeUInt32BE(fields.sequence, at + 8);
  into.writeUInt32BE(fields.attempt, at + 12);
  into.writeUInt32BE(fields.producerSequence, at + 16);
  into.writeUInt32BE(fields.durable, at + 20);
  into.writeDoubleBE(fields.timeMs, at + 24);
  into.writeUInt32BE(fields.producer * 0x1000000, at + 32);
  into.set(body, at + HEADER_BYTES);
  const end = at + HEADER_BYTES + body.byteLength;
  writeChain(into, at - CHAIN_BYTES, end);
  return end + CHAIN_BYTES;
}

/**
 * Reads the record at `at` and checks it against the eight bytes before it. `base` is where in the file `bytes` begins.
 * The record's body and chain share memory with `bytes`.
 */
export function decodeRecord(bytes: Buffer, at: number, marker: Uint8Array, base: number): Decoded {
  if (bytes.length < at + HEADER_BYTES) return { kind: "short" };
  for (let index = 0; index < marker.length; index++) if (bytes[at + index] !== marker[index]) return { kind: "bad" };
  const length = bytes.readUInt32BE(at + 4);
  const sequence = bytes.readUInt32BE(at + 8);
  const durable = bytes.readUInt32BE(at + 20);
  const producer = bytes.readUInt32BE(at + 32) / 0x1000000;
  if (length > MAX_BODY_BYTES || durable >= sequence || !isProducer(producer)) return { kind: "bad" };
  const bodyEnd = at + HEADER_BYTES + length;
  const end = bodyEnd + CHAIN_BYTES;
  if (bytes.length < end) return { kind: "short" };
  if (!hasChain(bytes, at - CHAIN_BYTES, bodyEnd)) return { kind: "bad" };
  const record: JournalRecord = {
    sequence,
    attempt: bytes.readUInt32BE(at + 12),
    producer,
    producerSequence: bytes.readUInt32BE(at + 16),
    durable,
    timeMs: bytes.readDoubleBE(at + 24),
    body: bytesOf(bytes, at + HEADER_BYTES, bodyEnd),
    chain: bytesOf(bytes, bodyEnd, end),
    offset: base + at,
    nextOffset: base + end,
  };
  return { kind: "record", record, end };
}

/**
 * Puts into `bytes` the chain that the record at `at` ought to end with, and answers where it then ends;
 * undefined when its length is impossible or it does not lie in `bytes` as a whole.
 */
export function mendChain(bytes: Buffer, at: number): number | undefined {
  if (bytes.length < at + HEADER_BYTES) return undefined;
  const bodyEnd = at + HEADER_BYTES + bytes.readUInt32BE(at + 4);
  if (bodyEnd + CHAIN_BYTES > Math.min(bytes.length, at + MAX_RECORD_BYTES)) return undefined;
  writeChain(bytes, at - CHAIN_BYTES, bodyEnd);
  return bodyEnd + CHAIN_BYTES;
}

function isProducer(value: number): value is Producer {
  return value === Producer.ORCHESTRATOR || value === Producer.AGENT || value === Producer.WARDEN;
}
