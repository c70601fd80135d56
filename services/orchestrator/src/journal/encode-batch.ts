import type { Position } from "@clew/journal-format/position";
import { CHAIN_BYTES, encodeRecord, type JournalRecord, type Producer, RECORD_OVERHEAD_BYTES } from "@clew/journal-format/record";

/** A record to be: the journal gives it its sequence and its time. */
export interface Draft {
  readonly attempt: number;
  readonly producer: Producer;
  /** The number the producer gave its event; 0 where the producer is the orchestrator itself. */
  readonly producerSequence: number;
  /** At most MAX_BODY_BYTES; not to be changed until the append has settled. */
  readonly body: Uint8Array;
}

/** Records in order, and the bytes they are in the file. */
export interface EncodedBatch {
  readonly bytes: Buffer;
  readonly records: readonly JournalRecord[];
}

/** Makes of drafts the records that follow the durable tail. */
export function encodeBatch(
  drafts: readonly Draft[],
  { after, timeMs, marker }: { readonly after: Position; readonly timeMs: number; readonly marker: Uint8Array },
): EncodedBatch {
  const space = Buffer.allocUnsafe(drafts.reduce((sum, { body }) => sum + RECORD_OVERHEAD_BYTES + body.byteLength, CHAIN_BYTES));
  space.set(after.chain);
  const base = after.nextOffset - CHAIN_BYTES;
  const durable = after.sequence;
  const records: JournalRecord[] = [];
  let at = CHAIN_BYTES;
  let sequence = durable;
  for (const { attempt, producer, producerSequence, body } of drafts) {
    const fields = { sequence: ++sequence, attempt, producer, producerSequence, durable, timeMs, body };
    const end = encodeRecord(space, at, marker, fields);
    records.push({ ...fields, chain: space.subarray(end - CHAIN_BYTES, end), offset: base + at, nextOffset: base + end });
    at = end;
  }
  return { bytes: space.subarray(CHAIN_BYTES), records };
}
