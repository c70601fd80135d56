import { expect, it } from "vitest";
import { startOf } from "./file-header.ts";
import { readRecords, releaseRecords } from "./read-records.ts";
import { chainOfRun, encodeRecord, markerOfRun, Producer, RECORD_OVERHEAD_BYTES } from "./record.ts";

const runId = `run-${"0a".repeat(16)}`;
const marker = markerOfRun(runId);
const start = startOf(runId);
const bodies = ["one", "two", "three"];

/** A journal of three records, in memory. */
function journalBytes() {
  const file = Buffer.alloc(start.nextOffset + bodies.reduce((sum, body) => sum + RECORD_OVERHEAD_BYTES + body.length, 0));
  file.set(chainOfRun(runId), start.nextOffset - 8);
  let at = start.nextOffset;
  for (const [index, body] of bodies.entries()) {
    const fields = { sequence: index + 1, attempt: 1, producer: Producer.AGENT, producerSequence: index + 1, durable: index, timeMs: 1 };
    at = encodeRecord(file, at, marker, { ...fields, body: Buffer.from(body) });
  }
  const read = async (into: Uint8Array, offset: number) => file.copy(into, 0, offset, offset + into.length);
  return { end: at, bytes: { read } };
}

it("records that are given back are empty, and no others", async () => {
  const { end, bytes } = journalBytes();
  const options = { after: start, end, marker, limit: 10, maxBytes: 1_000 };
  const [given, kept] = await Promise.all([readRecords(bytes, options), readRecords(bytes, options)]);
  // Small memory of Node's is often shared by many.
  const others = Array.from({ length: 10 }, () => Buffer.from("another's"));
  releaseRecords(given.records);
  expect(given.records.map(({ body, chain }) => body.length + chain.length)).toEqual([0, 0, 0]);
  expect(kept.records.map(({ body }) => Buffer.from(body).toString())).toEqual(bodies);
  expect(others.map(String)).toEqual(Array.from({ length: 10 }, () => "another's"));
  releaseRecords([]);
});
