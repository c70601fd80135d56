import { enumToJson, fromBinary } from "@bufbuild/protobuf";
import { decodeFileHeader, FILE_HEADER_BYTES, runIdInHeader, startOf } from "@clew/journal-format/file-header";
import type { JournalBytes } from "@clew/journal-format/journal-bytes";
import { searchLaterProof } from "@clew/journal-format/later-proof";
import { keepPosition, type Position } from "@clew/journal-format/position";
import { readRecords } from "@clew/journal-format/read-records";
import { type JournalRecord, markerOfRun } from "@clew/journal-format/record";
import { formatResumeToken } from "@clew/journal-format/resume-token";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { Run_StateSchema } from "@clew/proto/connect/clew/run/v1/run_pb";
import { type CheckedEvent, EventCheck } from "./check-events.ts";
import type { Broken, Verdict } from "./verdict.ts";

/** A journal that lies somewhere, and how long it was when it was opened. */
export interface OpenedJournal extends JournalBytes {
  readonly file: string;
  readonly sizeBytes: number;
}

const windowBytes = 1024 * 1024;

/**
 * Checks a journal from its header to its last record with the code that wrote it: every record's chain, so that each is tied to all
 * before it; sequences 1, 2, 3, …; times; and that it begins with `runCreated` and ends with `runFinished`. Never writes.
 */
export async function checkJournal(journal: OpenedJournal): Promise<Verdict> {
  const { file, sizeBytes } = journal;
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  const length = await journal.read(header, 0);
  const runId = runIdInHeader(header);
  const bad = (message: string): Broken => ({ kind: "damaged", runId, sequence: 0, offset: 0, message });
  if (length < FILE_HEADER_BYTES || runId === undefined) return bad("This is no journal, or its header was changed.");
  const decoded = decodeFileHeader(header, runId);
  if (decoded.kind === "foreign") return bad("The journal has the format of another version of Clew.");
  if (decoded.kind === "bad") return bad("The journal's header was changed.");

  const marker = markerOfRun(runId);
  const events = new EventCheck(runId);
  let tail = startOf(runId);
  while (tail.nextOffset < sizeBytes) {
    const options = { after: tail, end: sizeBytes, marker, limit: Number.POSITIVE_INFINITY, maxBytes: windowBytes };
    const { records, sound } = await readRecords(journal, options);
    for (const record of records) {
      const message = events.take(toEvent(record));
      if (message !== undefined) return { kind: "wrong", runId, sequence: record.sequence, offset: record.offset, message };
    }
    tail = keepPosition(records.at(-1) ?? tail);
    if (!sound) return await explainBreak(journal, runId, tail);
  }
  return {
    kind: events.state === undefined ? "unfinished" : "sound",
    runId,
    events: events.count,
    firstTime: events.firstTime,
    lastTime: events.lastTime,
    state: events.state,
    resumeToken: formatResumeToken({ runId, epoch: decoded.epoch, ...tail }),
    source: { file, sizeBytes, epoch: decoded.epoch },
  };
}

async function explainBreak(journal: OpenedJournal, runId: string, tail: Position): Promise<Broken> {
  const { damaged, last } = await searchLaterProof(journal, { tail, size: journal.sizeBytes, marker: markerOfRun(runId) });
  const sequence = tail.sequence + 1;
  return {
    kind: damaged ? "damaged" : "torn",
    runId,
    sequence,
    offset: tail.nextOffset,
    message: damaged
      ? `The record does not hold, and what is behind it proves that it once did. The journal had at least ${last} records.`
      : "The record does not hold, and nothing proves that it ever did: the end of a write that was not finished, or is not yet.",
  };
}

function toEvent({ sequence, timeMs, body }: JournalRecord): CheckedEvent {
  const payload = payloadOf(body);
  const run = payload?.case === "runCreated" || payload?.case === "runFinished" ? payload.value.run : undefined;
  return {
    sequence,
    timeMs,
    type: payload?.case,
    run: run === undefined ? undefined : { id: run.id, state: String(enumToJson(Run_StateSchema, run.state)) },
  };
}

function payloadOf(body: Uint8Array) {
  try {
    return fromBinary(RunEventSchema, body).payload;
  } catch {
    return undefined;
  }
}
