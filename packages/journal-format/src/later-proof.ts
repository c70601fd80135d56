import type { JournalBytes } from "./journal-bytes.ts";
import type { Position } from "./position.ts";
import { CHAIN_BYTES, decodeRecord, MAX_RECORD_BYTES, mendChain, RECORD_OVERHEAD_BYTES } from "./record.ts";

/** What stands behind the first record that does not hold. */
export interface LaterProof {
  /** Whether the bad record had been durable: what stands there is damage, not the torn end of an unfinished write. */
  readonly damaged: boolean;
  /** The last sequence that the journal is known to have had. */
  readonly last: number;
}

const WINDOW_BYTES = 1024 * 1024;
/** How much may be hashed in the search; a sandbox could fill an event with what looks like records. */
const HASH_BUDGET_BYTES = 256 * 1024 * 1024;

/**
 * Searches behind the last good record for later ones that still hold, and for what they say was durable.
 *
 * A record holds if its chain is the hash over the eight bytes before it and itself, so one needs no good record before it, only
 * the chain of that record. Candidates are found by the run's marker. Where the chain of the bad record is itself what was hurt,
 * the record behind it would not hold; so it is also tried with the chain the bad record ought to have.
 * Where the search would cost too much the answer is damage, which keeps everything.
 */
export async function searchLaterProof(
  file: JournalBytes,
  { tail, size, marker }: { readonly tail: Position; readonly size: number; readonly marker: Uint8Array },
): Promise<LaterProof> {
  const bad = tail.sequence + 1;
  const readAt = async (offset: number, length: number): Promise<Buffer> => {
    const bytes = Buffer.allocUnsafe(Math.min(length, size - offset));
    return bytes.subarray(0, await file.read(bytes, offset));
  };
  const found = { damaged: false, last: bad };
  const consider = (sequence: number, durable: number): void => {
    if (sequence <= bad) return;
    // Enough records to reach that sequence must have had room.
    found.last = Math.max(found.last, Math.min(sequence, bad + Math.ceil((size - tail.nextOffset) / RECORD_OVERHEAD_BYTES)));
    if (durable >= bad) found.damaged = true;
  };

  const mended = await readAt(tail.nextOffset - CHAIN_BYTES, CHAIN_BYTES + 2 * MAX_RECORD_BYTES);
  mended.set(tail.chain);
  const behind = mendChain(mended, CHAIN_BYTES);
  const next = behind === undefined ? undefined : decodeRecord(mended, behind, marker, 0);
  if (next?.kind === "record") consider(next.record.sequence, next.record.durable);

  let budget = HASH_BUDGET_BYTES;
  let from = tail.nextOffset;
  while (from < size) {
    const base = from - CHAIN_BYTES;
    const bytes = await readAt(base, CHAIN_BYTES + WINDOW_BYTES + MAX_RECORD_BYTES);
    const windowEnd = Math.min(bytes.length, CHAIN_BYTES + WINDOW_BYTES);
    let at = bytes.indexOf(marker, CHAIN_BYTES);
    while (at !== -1 && at < windowEnd) {
      const decoded = decodeRecord(bytes, at, marker, base);
      if (decoded.kind === "record") consider(decoded.record.sequence, decoded.record.durable);
      else if (bytes.length >= at + 8) budget -= Math.min(bytes.readUInt32BE(at + 4), MAX_RECORD_BYTES);
      if (budget < 0) return { ...found, damaged: true };
      at = bytes.indexOf(marker, decoded.kind === "record" ? decoded.end : at + 1);
    }
    from = base + Math.max(windowEnd, at === -1 ? 0 : at);
  }
  return found;
}
