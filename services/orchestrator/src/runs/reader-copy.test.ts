import { RunEvent } from "@clew/proto/grpc/clew/run/v1/run_event";
import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeBody, encodeBody, type Payload } from "./event.ts";
import { runEventTypes } from "./event-types.ts";
import { copyForReader, typeOfBody } from "./reader-copy.ts";

const places = fc.record({
  runId: fc.constant(`run-${"0a".repeat(16)}`),
  sequence: fc.integer({ min: 1, max: 0xffff_ffff }),
  attempt: fc.integer({ min: 0, max: 5 }),
  timeMs: fc.integer({ min: 0, max: 2 ** 42 }),
  resumeToken: fc.stringMatching(/^c1\.[A-Za-z0-9_-]{35}$/),
});

/** A payload of each kind, as an empty field of the wire gives it. */
const payloads: readonly Payload[] = Array.from({ length: 200 }, (_, index) => index + 1).flatMap((field) => {
  const tag = (field << 3) | 2;
  return RunEvent.decode(tag > 127 ? Uint8Array.of((tag & 127) | 128, tag >> 7, 0) : Uint8Array.of(tag, 0)).payload ?? [];
});

it("knows every event by its bytes", () => {
  expect(new Set(payloads.map(({ $case }) => $case))).toEqual(new Set(runEventTypes));
  for (const payload of payloads) expect(typeOfBody(encodeBody({ summary: "Something happened", payload }))).toBe(payload.$case);
});

it("is what decoding the body and encoding it again would be, for every event and place", () => {
  fc.assert(
    fc.property(fc.constantFrom(...payloads), fc.string({ maxLength: 200 }), places, (payload, summary, place) => {
      const body = encodeBody({ summary, payload });
      expect(RunEvent.decode(copyForReader(body, payload.$case, place))).toEqual(
        RunEvent.decode(RunEvent.encode(decodeBody(body, place)).finish()),
      );
    }),
  );
});

it("keeps what an event says", () => {
  const payload: Payload = { $case: "stopRequested", value: { reason: "enough — größer", graceSeconds: 3, by: undefined } };
  const place = { runId: "run-1", sequence: 300, attempt: 1, resumeToken: "c1.x" };
  const timeMs = 1_700_000_000_123;
  const copy = copyForReader(encodeBody({ summary: "Wird gestoppt", payload }), "stopRequested", { ...place, timeMs });
  expect(RunEvent.decode(copy)).toMatchObject({
    ...place,
    time: new Date(timeMs),
    type: "stopRequested",
    summary: "Wird gestoppt",
    payload: { value: { reason: "enough — größer", graceSeconds: 3 } },
  });
});
