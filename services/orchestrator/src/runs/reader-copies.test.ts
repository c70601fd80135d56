import { Producer } from "@clew/journal-format/record";
import { ResumeTokens } from "@clew/journal-format/resume-token";
import { EncodedReadEventsResponse } from "@clew/proto/grpc/clew/run/v1/encoded_run_event";
import { RunEvent } from "@clew/proto/grpc/clew/run/v1/run_event";
import fc from "fast-check";
import { expect, it } from "vitest";
import { warningRaised } from "../supervisor/phrases.ts";
import { decodeBody, encodeBody, type Payload } from "./event.ts";
import { runEventTypes } from "./event-types.ts";
import { ReaderCopies, typeOfBody } from "./reader-copies.ts";

const runId = `run-${"0a".repeat(16)}`;
const run = { runId, tokens: new ResumeTokens(runId, 3) };
const places = fc.record({
  sequence: fc.integer({ min: 1, max: 0xffff_ffff }),
  attempt: fc.integer({ min: 0, max: 5 }),
  timeMs: fc.integer({ min: 0, max: 2 ** 42 }),
  chain: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  offset: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
});

/** Makes the record of an event. */
function recordOf(
  payload: Payload,
  summary: string,
  place: Readonly<{ sequence: number; attempt: number; timeMs: number; chain: Uint8Array; offset: number }>,
) {
  const header = { producer: Producer.ORCHESTRATOR, producerSequence: 0, durable: 0, nextOffset: 0 };
  return { ...place, ...header, body: encodeBody({ summary, payload }) };
}

/** A payload of each kind, as an empty field of the wire gives it. */
const payloads: readonly Payload[] = Array.from({ length: 200 }, (_, index) => index + 1).flatMap((field) => {
  const tag = (field << 3) | 2;
  return RunEvent.decode(tag > 127 ? Uint8Array.of((tag & 127) | 128, tag >> 7, 0) : Uint8Array.of(tag, 0)).payload ?? [];
});

it("knows every event by its bytes", () => {
  expect(new Set(payloads.map(({ $case }) => $case))).toEqual(new Set(runEventTypes));
  for (const payload of payloads) expect(typeOfBody(encodeBody({ summary: "Something happened", payload }))).toBe(payload.$case);
});

it("is what decoding the bodies and encoding them again would be, for every event, place and length", () => {
  const events = fc.array(fc.tuple(fc.constantFrom(...payloads), fc.string({ maxLength: 200 }), places), { minLength: 1, maxLength: 4 });
  const lengths = fc.constantFrom(0, 20_000, 60_000);
  fc.assert(
    fc.property(events, lengths, fc.string(), (several, length, rest) => {
      const long = warningRaised("X", "x".repeat(length)).payload;
      const records = several.map(([payload, summary, place]) => recordOf(length > 0 ? long : payload, summary, place));
      const copies = new ReaderCopies(run, records);
      for (const record of records) copies.add(record, () => true);
      const expected = records.map((record) => {
        const { body, ...place } = record;
        return RunEvent.decode(RunEvent.encode(decodeBody(body, { ...place, runId, resumeToken: run.tokens.format(record) })).finish());
      });
      expect(copies.events.map((copy) => RunEvent.decode(copy))).toEqual(expected);
      const other = EncodedReadEventsResponse.encode(EncodedReadEventsResponse.fromPartial({ nextResumeToken: rest })).finish();
      const message = EncodedReadEventsResponse.decode(copies.messageWith(other));
      expect(message.nextResumeToken).toBe(rest);
      expect(message.events.map((copy) => RunEvent.decode(copy))).toEqual(expected);
    }),
  );
});

it("leaves out what is not wanted", () => {
  const place = { sequence: 300, attempt: 1, timeMs: 1_700_000_000_123, chain: new Uint8Array(8), offset: 7 };
  const stop: Payload = { $case: "stopRequested", value: { reason: "enough — größer", graceSeconds: 3, by: undefined } };
  const other = warningRaised("X", "Beside it.").payload;
  const records = [recordOf(other, "Waits", place), recordOf(stop, "Wird gestoppt", place), recordOf(other, "Waits", place)];
  const copies = new ReaderCopies(run, records);
  for (const record of records) copies.add(record, (type) => type === "stopRequested");
  expect(copies.events.map((copy) => RunEvent.decode(copy))).toMatchObject([
    {
      runId,
      sequence: 300,
      attempt: 1,
      resumeToken: run.tokens.format({ ...place }),
      time: new Date(place.timeMs),
      type: "stopRequested",
      summary: "Wird gestoppt",
      payload: { value: { reason: "enough — größer", graceSeconds: 3 } },
    },
  ]);
});
