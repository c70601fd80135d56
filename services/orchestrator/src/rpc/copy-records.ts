import type { JournalRecord } from "@clew/journal-format/record";
import type { Journal } from "../journal/journal.ts";
import { copyForReader, spaceFor, typeOfBody } from "../runs/reader-copy.ts";

/** Encodes the events of some records as a reader gets them; those whose type is not wanted are left out. */
export function copyRecords(journal: Journal, records: readonly JournalRecord[], wanted: (type: string) => boolean): Buffer[] {
  const { runId } = journal;
  const space = spaceFor(records);
  return records.flatMap((record) => {
    const type = typeOfBody(record.body);
    if (!wanted(type)) return [];
    const { sequence, attempt, timeMs } = record;
    return copyForReader(record.body, type, { runId, sequence, attempt, timeMs, resumeToken: journal.tokenOf(record) }, space);
  });
}
