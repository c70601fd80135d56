import { create, toBinary } from "@bufbuild/protobuf";
import { encodeFileHeader } from "@clew/journal-format/file-header";
import { CHAIN_BYTES, encodeRecord, markerOfRun, Producer, RECORD_OVERHEAD_BYTES } from "@clew/journal-format/record";
import { parsePosition } from "@clew/journal-format/resume-token";
import { type RunEvent, RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { Run_State } from "@clew/proto/connect/clew/run/v1/run_pb";
import { describe, expect, it } from "vitest";
import { checkJournal } from "./check-journal.ts";
import type { Verdict } from "./verdict.ts";

const runId = `run-${"0123456789abcdef".repeat(2)}`;
type Payload = RunEvent["payload"];
const event = (payload: Payload) => ({ payload });
const created = (id = runId): Payload => create(RunEventSchema, { payload: { case: "runCreated", value: { run: { id } } } }).payload;
const opened = (): Payload => create(RunEventSchema, { payload: { case: "pageChanged", value: { url: "http://shop.test/" } } }).payload;
const finished = (id = runId): Payload =>
  create(RunEventSchema, { payload: { case: "runFinished", value: { run: { id, state: Run_State.COMPLETED } } } }).payload;
const whole = [created(), opened(), opened(), finished()].map(event);

/** A record that says something; its time is its sequence unless given, and every record was durable before the next. */
interface Said {
  readonly payload?: Payload;
  readonly sequence?: number;
  readonly timeMs?: number;
  readonly durable?: number;
}

/** Writes a journal, and answers its bytes and where each record begins. */
function journalOf(said: readonly Said[]): { readonly bytes: Buffer; readonly offsets: readonly number[] } {
  let bytes = encodeFileHeader(runId, 1);
  const offsets: number[] = [];
  for (const [index, { payload, sequence = index + 1, timeMs = sequence, durable = sequence - 1 }] of said.entries()) {
    const body = toBinary(RunEventSchema, create(RunEventSchema, payload === undefined ? {} : { payload }));
    const record = Buffer.alloc(CHAIN_BYTES + RECORD_OVERHEAD_BYTES + body.byteLength);
    record.set(bytes.subarray(-CHAIN_BYTES));
    const fields = { sequence, attempt: 1, producer: Producer.ORCHESTRATOR, producerSequence: 0, durable, timeMs, body };
    encodeRecord(record, CHAIN_BYTES, markerOfRun(runId), fields);
    offsets.push(bytes.length);
    bytes = Buffer.concat([bytes, record.subarray(CHAIN_BYTES)]);
  }
  return { bytes, offsets };
}

function check(bytes: Buffer): Promise<Verdict> {
  return checkJournal({ file: "journal", sizeBytes: bytes.length, read: async (into, offset) => bytes.copy(into, 0, offset) });
}

describe("checking a journal", () => {
  it("says of a whole one how many events it has, when they were, and the token of the last", async () => {
    const { bytes } = journalOf(whole);
    const verdict = await check(bytes);
    expect(verdict).toMatchObject({
      kind: "sound",
      runId,
      events: 4,
      firstTime: "1970-01-01T00:00:00.001Z",
      lastTime: "1970-01-01T00:00:00.004Z",
      state: "COMPLETED",
      source: { sizeBytes: bytes.length, epoch: 1 },
    });
    expect(verdict.kind === "sound" && parsePosition(verdict.resumeToken, runId)).toMatchObject({ epoch: 1, sequence: 4 });
  });

  it("says of one without its end that it is not finished", async () => {
    expect(await check(journalOf(whole.slice(0, 3)).bytes)).toMatchObject({ kind: "unfinished", events: 3, state: undefined });
    expect(await check(journalOf([]).bytes)).toMatchObject({ kind: "unfinished", events: 0 });
  });

  it("finds every cut, and names the record and the byte it is at", async () => {
    const { bytes, offsets } = journalOf(whole);
    for (let length = 0; length < bytes.length; length++) {
      const verdict = await check(bytes.subarray(0, length));
      const last = offsets.findLastIndex((offset) => offset <= length);
      if (length < 64) expect(verdict).toMatchObject({ kind: "damaged", sequence: 0, offset: 0 });
      else if (offsets.includes(length)) expect(verdict).toMatchObject({ kind: "unfinished", events: last });
      else expect(verdict).toMatchObject({ kind: "torn", sequence: last + 1, offset: offsets[last] });
    }
  });

  it("finds every change of one byte, and tells damage by what is behind it", async () => {
    const { bytes, offsets } = journalOf(whole);
    for (let at = 0; at < bytes.length; at++) {
      const hurt = Buffer.from(bytes);
      hurt[at] = (hurt[at] ?? 0) ^ 0x41;
      const last = offsets.findLastIndex((offset) => offset <= at);
      const verdict = await check(hurt);
      if (at < 64) expect(verdict).toMatchObject({ kind: "damaged", sequence: 0, offset: 0 });
      else expect(verdict).toMatchObject({ kind: at < offsets[3]! ? "damaged" : "torn", sequence: last + 1, offset: offsets[last] });
    }
  });

  const { bytes, offsets } = journalOf(whole);
  const others: readonly (readonly [string, readonly Said[], number, string])[] = [
    ["an event that is missing", [whole[0]!, { ...whole[1], sequence: 3, durable: 1 }], 2, "does not hold"],
    ["a time that goes back", [whole[0]!, { ...whole[1], timeMs: 9 }, { ...whole[2], timeMs: 8 }], 3, "before that of the event before it"],
    ["another beginning", [event(opened())], 1, "not the runCreated of this run"],
    ["another run's beginning", [event(created(`run-${"f".repeat(32)}`))], 1, "not the runCreated of this run"],
    ["another run's end", [whole[0]!, event(finished(`run-${"f".repeat(32)}`))], 2, "ends another run"],
    ["an event after the end", [...whole, event(opened())], 5, "follows runFinished"],
    ["an event that says nothing", [whole[0]!, {}], 2, "says nothing"],
  ];
  it.each(others)("finds %s", async (_, said, sequence, message) => {
    const other = journalOf(said);
    expect(await check(other.bytes)).toMatchObject({
      sequence,
      offset: other.offsets[sequence - 1],
      message: expect.stringContaining(message),
    });
  });

  it("finds a record of another history in the place of its own", async () => {
    const other = journalOf([whole[0]!, { ...whole[1], timeMs: 3 }]);
    const mixed = Buffer.concat([bytes.subarray(0, offsets[2]), other.bytes.subarray(offsets[1])]);
    expect(await check(mixed)).toMatchObject({ sequence: 3, offset: offsets[2] });
  });
});
