import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { hasCode } from "@clew/fault/volume-fault";
import { decodeFileHeader, encodeFileHeader, FILE_HEADER_BYTES, startOf } from "@clew/journal-format/file-header";
import { searchLaterProof } from "@clew/journal-format/later-proof";
import { type Position, sameChain } from "@clew/journal-format/position";
import { readRecords } from "@clew/journal-format/read-records";
import { CHAIN_BYTES, decodeRecord, markerOfRun } from "@clew/journal-format/record";
import type { Disk, DiskFile } from "./disk.ts";
import { copyBytes, type JournalFiles, replaceFile } from "./files.ts";
import { JournalIndex } from "./journal-index.ts";

/**
 * What opening a journal found and mended.
 * `clean`: all is there. `torn`: the end of an unfinished write was cut; no reader ever had it. `damaged`: records that had been
 * durable do not hold; `lostFrom` to `lostTo` are gone, the old file is kept in the run's folder as `keptAs`, the epoch is a new one.
 */
export type Recovery =
  | { readonly kind: "clean" }
  | { readonly kind: "torn"; readonly cutBytes: number }
  | { readonly kind: "damaged"; readonly lostFrom: number; readonly lostTo: number; readonly keptAs: string };

/** An opened journal: its file, fsynced, ending with its last good record. */
export interface RecoveredJournal {
  readonly file: DiskFile;
  readonly epoch: number;
  readonly index: JournalIndex;
  readonly sealed: boolean;
  readonly recovery: Recovery;
}

/**
 * Writes a journal anew, up to its tail, in the place of a file that can be trusted no more, and answers the new file. Whoever calls closes it.
 * Throws JOURNAL_DAMAGED when the old file does not hold up to the tail.
 */
export async function rewriteJournal(
  disk: Disk,
  files: JournalFiles,
  { runId, epoch, tail }: { readonly runId: string; readonly epoch: number; readonly tail: Position },
): Promise<DiskFile> {
  const source = await openExisting(disk, files.journal);
  try {
    const index = new JournalIndex(startOf(runId));
    const { holds } = await scan(source, index, tail.nextOffset, markerOfRun(runId));
    if (!holds || !sameChain(index.tail.chain, tail.chain)) throw new Fault("JOURNAL_DAMAGED");
    return await copyPrefix(disk, files, { source, runId, epoch, end: tail.nextOffset });
  } finally {
    await source.close();
  }
}

/**
 * Opens a run's journal and brings it back to a state that holds. Whoever calls closes the file.
 * Throws RUN_NOT_FOUND where there is none, JOURNAL_DAMAGED where the file is not this run's, and what the disk throws.
 */
export async function recoverJournal(disk: Disk, files: JournalFiles, runId: string): Promise<RecoveredJournal> {
  const file = await openExisting(disk, files.journal);
  try {
    const header = decodeFileHeader(await readBytes(file, 0, FILE_HEADER_BYTES), runId);
    if (header.kind === "foreign")
      throw new Fault("JOURNAL_DAMAGED", { message: "The journal is another run's, or of another version of Clew." });
    const epoch = header.kind === "header" ? header.epoch : await nextUnusedEpoch(disk, files, runId);
    return await recoverRecords({ disk, files, runId, file, epoch, headerHolds: header.kind === "header" });
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface Opened {
  readonly disk: Disk;
  readonly files: JournalFiles;
  readonly runId: string;
  readonly file: DiskFile;
  readonly epoch: number;
  readonly headerHolds: boolean;
}

async function recoverRecords(opened: Opened): Promise<RecoveredJournal> {
  const { disk, files, runId, file, epoch, headerHolds } = opened;
  const marker = markerOfRun(runId);
  const size = await file.size();
  const saved = await readSavedIndex(disk, files, runId, epoch);
  if (headerHolds && saved !== undefined && (await fits(file, size, saved, marker))) {
    await file.datasync();
    return { file, epoch, index: saved, sealed: true, recovery: { kind: "clean" } };
  }

  const index = new JournalIndex(startOf(runId));
  const { holds, lastBatchOffset } = await scan(file, index, size, marker);
  const { tail } = index;
  if (!holds && size > FILE_HEADER_BYTES) {
    const proof = await searchLaterProof(file, { tail, size, marker });
    // A header is durable before anything follows it, and a sealed journal was durable as a whole.
    const sealedTo = saved?.tail.sequence ?? 0;
    if (proof.damaged || !headerHolds || sealedTo > tail.sequence) {
      return await startNextEpoch(opened, index, Math.max(proof.last, sealedTo));
    }
  } else if (saved !== undefined && saved.tail.sequence > tail.sequence) {
    return await startNextEpoch(opened, index, saved.tail.sequence);
  }

  const cutBytes = Math.max(0, size - tail.nextOffset);
  if (cutBytes > 0) await file.truncate(tail.nextOffset);
  // All in the header but the epoch follows from the run, and the records have just proved to be this run's.
  if (!headerHolds) await file.write(encodeFileHeader(runId, epoch), 0);
  // Where its own fsync failed, the last batch may be in memory only, and an fsync that finds nothing to write proves nothing.
  await copyBytes(file, file, lastBatchOffset, tail.nextOffset);
  await file.datasync();
  if (cutBytes > 0) await disk.syncFolder(files.folder);
  return { file, epoch, index, sealed: false, recovery: cutBytes > 0 ? { kind: "torn", cutBytes } : { kind: "clean" } };
}

interface Scanned {
  /** Whether all of the file holds. */
  readonly holds: boolean;
  /** Where the records begin that were written together with the last one; all before them were durable by then. */
  readonly lastBatchOffset: number;
}

async function scan(file: DiskFile, index: JournalIndex, size: number, marker: Uint8Array): Promise<Scanned> {
  let batch = { durable: 0, offset: FILE_HEADER_BYTES };
  while (index.tail.nextOffset < size) {
    const { records, sound } = await readRecords(file, {
      after: index.tail,
      end: size,
      marker,
      limit: Number.POSITIVE_INFINITY,
      maxBytes: 1024 * 1024,
    });
    index.add(records);
    for (const { durable, offset } of records) if (durable !== batch.durable) batch = { durable, offset };
    if (!sound) return { holds: false, lastBatchOffset: batch.offset };
  }
  return { holds: true, lastBatchOffset: batch.offset };
}

async function startNextEpoch(opened: Opened, index: JournalIndex, lostTo: number): Promise<RecoveredJournal> {
  const { disk, files, runId, file: old, epoch } = opened;
  const lostFrom = index.tail.sequence + 1;
  const keptAs = await freeName(disk, files, `journal.damaged-${lostFrom}`);
  // The second name comes first: at no moment is there no journal, and none in which the damaged bytes could be lost.
  await disk.link(files.journal, join(files.folder, keptAs));
  const file = await copyPrefix(disk, files, { source: old, runId, epoch: epoch + 1, end: index.tail.nextOffset });
  await old.close();
  await disk.remove(files.index);
  return { file, epoch: epoch + 1, index, sealed: false, recovery: { kind: "damaged", lostFrom, lostTo, keptAs } };
}

function copyPrefix(
  disk: Disk,
  files: JournalFiles,
  { source, runId, epoch, end }: { readonly source: DiskFile; readonly runId: string; readonly epoch: number; readonly end: number },
): Promise<DiskFile> {
  return replaceFile(disk, files, { temporary: files.newJournal, final: files.journal }, async (target) => {
    await target.write(encodeFileHeader(runId, epoch), 0);
    await copyBytes(source, target, FILE_HEADER_BYTES, end);
  });
}

async function fits(file: DiskFile, size: number, index: JournalIndex, marker: Uint8Array): Promise<boolean> {
  const { tail } = index;
  if (tail.nextOffset !== size || tail.sequence === 0) return false;
  const bytes = await readBytes(file, tail.offset - CHAIN_BYTES, CHAIN_BYTES + tail.nextOffset - tail.offset);
  const decoded = decodeRecord(bytes, CHAIN_BYTES, marker, tail.offset - CHAIN_BYTES);
  return decoded.kind === "record" && decoded.record.sequence === tail.sequence && sameChain(decoded.record.chain, tail.chain);
}

async function readSavedIndex(disk: Disk, files: JournalFiles, runId: string, epoch: number): Promise<JournalIndex | undefined> {
  const text = await readWhole(disk, files.index);
  return text === undefined ? undefined : JournalIndex.parse(text.toString("utf8"), runId, epoch);
}

// Every damage leaves a file behind, so the files that were kept tell which epochs there have been.
async function nextUnusedEpoch(disk: Disk, files: JournalFiles, runId: string): Promise<number> {
  const kept = (await disk.list(files.folder)).filter((name) => name.startsWith("journal.damaged-"));
  let last = kept.length;
  for (const name of kept) {
    const bytes = await readWhole(disk, join(files.folder, name), FILE_HEADER_BYTES);
    const header = decodeFileHeader(bytes ?? Buffer.alloc(0), runId);
    if (header.kind === "header") last = Math.max(last, header.epoch);
  }
  return last + 1;
}

async function freeName(disk: Disk, files: JournalFiles, wanted: string): Promise<string> {
  const taken = new Set(await disk.list(files.folder));
  let name = wanted;
  for (let count = 2; taken.has(name); count++) name = `${wanted}-${count}`;
  return name;
}

async function openExisting(disk: Disk, path: string): Promise<DiskFile> {
  try {
    return await disk.open(path, "existing");
  } catch (error) {
    if (hasCode(error, "ENOENT")) throw new Fault("RUN_NOT_FOUND", { cause: error });
    throw error;
  }
}

async function readWhole(disk: Disk, path: string, maxBytes = 64 * 1024 * 1024): Promise<Buffer | undefined> {
  let file: DiskFile;
  try {
    file = await disk.open(path, "existing");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  try {
    return await readBytes(file, 0, Math.min(maxBytes, await file.size()));
  } finally {
    await file.close();
  }
}

async function readBytes(file: DiskFile, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  return bytes.subarray(0, await file.read(bytes, offset));
}
