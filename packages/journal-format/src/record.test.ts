import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFileHeader, encodeFileHeader, FILE_HEADER_BYTES } from "./file-header.ts";
import {
  CHAIN_BYTES,
  chainOfRun,
  decodeRecord,
  encodeRecord,
  MAX_BODY_BYTES,
  markerOfRun,
  RECORD_OVERHEAD_BYTES,
  type RecordFields,
} from "./record.ts";

const runId = `run-${"0123456789abcdef".repeat(2)}`;
const marker = markerOfRun(runId);
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const fields: fc.Arbitrary<RecordFields> = fc
  .record({
    sequence: fc.integer({ min: 1, max: 0xffff_ffff }),
    attempt: u32,
    producer: fc.constantFrom(0, 1, 2),
    producerSequence: u32,
    durable: u32,
    timeMs: fc.integer({ min: 0, max: 2 ** 48 }),
    body: fc.uint8Array({ maxLength: 300 }),
  })
  .map((record) => ({ ...record, durable: record.durable % record.sequence }));

function encode(record: RecordFields, before: Uint8Array = chainOfRun(runId)): Buffer {
  const bytes = Buffer.alloc(CHAIN_BYTES + RECORD_OVERHEAD_BYTES + record.body.byteLength);
  bytes.set(before);
  expect(encodeRecord(bytes, CHAIN_BYTES, marker, record)).toBe(bytes.length);
  return bytes;
}

describe("a record", () => {
  it("comes back as it was written, with its place in the file", () => {
    fc.assert(
      fc.property(fields, fc.nat(), (record, base) => {
        const bytes = encode(record);
        const decoded = decodeRecord(bytes, CHAIN_BYTES, marker, base);
        expect(decoded).toMatchObject({ kind: "record", end: bytes.length });
        if (decoded.kind !== "record") return;
        const { chain, offset, nextOffset, body, ...others } = decoded.record;
        expect({ ...others, body: new Uint8Array(body) }).toEqual(record);
        expect(new Uint8Array(chain)).toEqual(new Uint8Array(bytes.subarray(-CHAIN_BYTES)));
        expect([offset, nextOffset]).toEqual([base + CHAIN_BYTES, base + bytes.length]);
      }),
    );
  });

  it("does not hold with any of its bytes, or of the chain before it, changed", () => {
    fc.assert(
      fc.property(fields, fc.integer({ min: 1, max: 255 }), (record, flip) => {
        const bytes = encode(record);
        for (let at = 0; at < bytes.length; at++) {
          const hurt = Buffer.from(bytes);
          hurt[at] = (hurt[at] ?? 0) ^ flip;
          expect(decodeRecord(hurt, CHAIN_BYTES, marker, 0).kind).not.toBe("record");
        }
      }),
      { numRuns: 20 },
    );
  });

  it("asks for more bytes wherever it is cut, and never takes less for a record", () => {
    fc.assert(
      fc.property(fields, (record) => {
        const bytes = encode(record);
        for (let length = CHAIN_BYTES; length < bytes.length; length++) {
          expect(decodeRecord(bytes.subarray(0, length), CHAIN_BYTES, marker, 0)).toEqual({ kind: "short" });
        }
      }),
      { numRuns: 20 },
    );
  });

  it("does not hold behind another history", () => {
    fc.assert(
      fc.property(fields, fc.uint8Array({ minLength: 8, maxLength: 8 }), (record, other) => {
        const bytes = encode(record);
        fc.pre(!bytes.subarray(0, CHAIN_BYTES).equals(other));
        bytes.set(other);
        expect(decodeRecord(bytes, CHAIN_BYTES, marker, 0)).toEqual({ kind: "bad" });
      }),
    );
  });

  it("takes a body up to its bound and refuses a longer one", () => {
    const record = { sequence: 1, attempt: 1, producer: 0, producerSequence: 0, durable: 0, timeMs: 0 } as const;
    expect(decodeRecord(encode({ ...record, body: Buffer.alloc(MAX_BODY_BYTES) }), CHAIN_BYTES, marker, 0).kind).toBe("record");
    const space = Buffer.alloc(2 * MAX_BODY_BYTES);
    expect(() => encodeRecord(space, CHAIN_BYTES, marker, { ...record, body: Buffer.alloc(MAX_BODY_BYTES + 1) })).toThrow(RangeError);
  });
});

describe("a file header", () => {
  it("comes back with its epoch, and ends with the chain before the first record", () => {
    fc.assert(
      fc.property(u32, (epoch) => {
        const bytes = encodeFileHeader(runId, epoch);
        expect(bytes.length).toBe(FILE_HEADER_BYTES);
        expect(decodeFileHeader(bytes, runId)).toEqual({ kind: "header", epoch });
        expect(new Uint8Array(bytes.subarray(-CHAIN_BYTES))).toEqual(chainOfRun(runId));
      }),
    );
  });

  it("does not hold with any of its bytes changed or missing", () => {
    const bytes = encodeFileHeader(runId, 3);
    for (let at = 0; at < bytes.length; at++) {
      const hurt = Buffer.from(bytes);
      hurt[at] = (hurt[at] ?? 0) ^ 0x10;
      expect(decodeFileHeader(hurt, runId)).toEqual({ kind: "bad" });
      expect(decodeFileHeader(bytes.subarray(0, at), runId)).toEqual({ kind: "bad" });
    }
  });

  it("is foreign to another run", () => {
    expect(decodeFileHeader(encodeFileHeader(runId, 1), `run-${"f".repeat(32)}`)).toEqual({ kind: "foreign" });
    expect(() => encodeFileHeader("run-1", 1)).toThrow(RangeError);
  });
});
