import { releaseRecords } from "@clew/journal-format/read-records";
import type { JournalRecord } from "@clew/journal-format/record";
import type { Journal } from "../journal/journal.ts";
import { ReaderCopies } from "../runs/reader-copies.ts";

/** Encodes the events of records that were read, as a reader gets them; those whose type is not wanted are left out. The records are given back. */
export function copyRecords(journal: Journal, records: readonly JournalRecord[], wanted: (type: string) => boolean): ReaderCopies {
  const copies = new ReaderCopies(journal, records);
  for (const record of records) copies.add(record, wanted);
  releaseRecords(records);
  return copies;
}
