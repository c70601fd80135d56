import type { JournalBytes } from "./journal-bytes.ts";
import type { Position } from "./position.ts";
import { CHAIN_BYTES, decodeRecord, type JournalRecord, MAX_RECORD_BYTES } from "./record.ts";

/** Where to read, and how much at most. */
export interface ReadRecordsOptions {
  /** The records after this position are read. */
  readonly after: Position;
  /** Nothing from this offset on is read. */
  readonly end: number;
  readonly marker: Uint8Array;
  /** How many records at most. */
  readonly limit: number;
  /** How many bytes of the file at most; one record is read however long it is. */
  readonly maxBytes: number;
}

/** Records in order without a gap, each checked against the one before; `sound` is false when what follows them does not hold. */
export interface ReadRecordsResult {
  readonly records: readonly JournalRecord[];
  readonly sound: boolean;
}

/**
 * Gives the memory that records of one read share back at once. Left to the garbage collector, the pages of a long run that is read are as much
 * memory, every hundred of them, as has it look at all there is. Nothing of these records may be used any more: their bodies and chains are empty.
 */
export function releaseRecords(records: readonly JournalRecord[]): void {
  const memory = records[0]?.body.buffer;
  if (memory instanceof ArrayBuffer) memory.transfer(0);
}

/** Reads the records after a position, in one read of the file (two where the first record is longer than asked for). */
export async function readRecords(file: JournalBytes, options: ReadRecordsOptions): Promise<ReadRecordsResult> {
  const { after, end, maxBytes } = options;
  const available = end - after.nextOffset;
  if (available <= 0) return { records: [], sound: true };
  const first = await decodeFrom(file, options, Math.min(available, maxBytes));
  if (first.records.length > 0 || !first.sound || maxBytes >= Math.min(available, MAX_RECORD_BYTES)) return first;
  return await decodeFrom(file, { ...options, limit: 1 }, Math.min(available, MAX_RECORD_BYTES));
}

async function decodeFrom(
  file: JournalBytes,
  { after, end, marker, limit }: ReadRecordsOptions,
  length: number,
): Promise<ReadRecordsResult> {
  const base = after.nextOffset - CHAIN_BYTES;
  // Memory of its own, never a part of what Node gives to many: whoever has the records may give it back.
  const space = Buffer.allocUnsafeSlow(CHAIN_BYTES + length);
  // The reader's own chain, not what the file has there: what follows must follow what he has.
  space.set(after.chain);
  const bytes = space.subarray(0, CHAIN_BYTES + (await file.read(space.subarray(CHAIN_BYTES), after.nextOffset)));
  const records: JournalRecord[] = [];
  if (bytes.length < space.length) return { records, sound: false };
  let at = CHAIN_BYTES;
  let sequence = after.sequence;
  while (at < bytes.length && records.length < limit) {
    const decoded = decodeRecord(bytes, at, marker, base);
    // What is short here may go on behind the bytes read, but not behind the end.
    if (decoded.kind === "short") return { records, sound: base + bytes.length < end };
    if (decoded.kind === "bad" || decoded.record.sequence !== ++sequence) return { records, sound: false };
    records.push(decoded.record);
    at = decoded.end;
  }
  return { records, sound: true };
}
