import type { JournalRecord } from "@clew/journal-format/record";
import type { RunEvent } from "@clew/proto/grpc/clew/run/v1/run_event";
import type { Journal } from "../journal/journal.ts";
import { decodeBody, type Payload } from "../runs/event.ts";

/** Decodes a record of a journal for a reader: the event, with its place and its token. */
export function decodeRecord(journal: Journal, record: JournalRecord): RunEvent & { readonly payload: Payload } {
  const { sequence, attempt, timeMs } = record;
  return decodeBody(record.body, { runId: journal.runId, sequence, attempt, timeMs, resumeToken: journal.tokenOf(record) });
}
