import { hash } from "node:crypto";
import { type Position, sameChain } from "./position.ts";
import { chainOfRun } from "./record.ts";

/**
 * The file header, 64 bytes: magic 8 │ format version 4 │ epoch 4 │ run id 36 │ checksum 4 │ chain 0, 8.
 * All of it but the epoch follows from the run, so every epoch's records lie at the same offsets.
 */

/** How many bytes the file header has, and so where the first record begins. */
export const FILE_HEADER_BYTES = 64;
const MAGIC = "clewjrnl";
const VERSION = 1;
const RUN_ID = /^run-[0-9a-f]{32}$/;

/** What `decodeFileHeader` found. `foreign`: sound, but of another run or another format version. */
export type DecodedFileHeader =
  | { readonly kind: "header"; readonly epoch: number }
  | { readonly kind: "foreign" }
  | { readonly kind: "bad" };

/** Writes the header of a run's journal. Throws RangeError when the run id is none. */
export function encodeFileHeader(runId: string, epoch: number): Buffer {
  if (!RUN_ID.test(runId)) throw new RangeError("This is not a run id.");
  const bytes = Buffer.alloc(FILE_HEADER_BYTES);
  bytes.write(MAGIC, 0, "latin1");
  bytes.writeUInt32BE(VERSION, 8);
  bytes.writeUInt32BE(epoch, 12);
  bytes.write(runId, 16, "latin1");
  bytes.set(chainOfRun(runId), 56);
  bytes.set(checksumOf(bytes), 52);
  return bytes;
}

/** Reads and checks the header of the journal of `runId`. */
export function decodeFileHeader(bytes: Buffer, runId: string): DecodedFileHeader {
  if (bytes.length < FILE_HEADER_BYTES || bytes.toString("latin1", 0, 8) !== MAGIC) return { kind: "bad" };
  if (!sameChain(checksumOf(bytes), bytes.subarray(52, 56))) return { kind: "bad" };
  if (bytes.readUInt32BE(8) !== VERSION || bytes.toString("latin1", 16, 52) !== runId) return { kind: "foreign" };
  if (!sameChain(chainOfRun(runId), bytes.subarray(56, 64))) return { kind: "bad" };
  return { kind: "header", epoch: bytes.readUInt32BE(12) };
}

/** Whether a file begins as a journal does, or names a run where one does: no file that was never a journal has either. */
export function looksLikeJournal(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, 8) === MAGIC || runIdInHeader(bytes) !== undefined;
}

/** The run that a file's header names, for who has only the file; undefined where it names none. The header may still be bad. */
export function runIdInHeader(bytes: Buffer): string | undefined {
  const runId = bytes.toString("latin1", 16, 52);
  return RUN_ID.test(runId) ? runId : undefined;
}

/** The position before a run's first record. */
export function startOf(runId: string): Position {
  return { sequence: 0, offset: FILE_HEADER_BYTES, nextOffset: FILE_HEADER_BYTES, chain: chainOfRun(runId) };
}

function checksumOf(bytes: Buffer): Uint8Array {
  return hash("sha256", bytes.subarray(0, 52), "buffer").subarray(0, 4);
}
