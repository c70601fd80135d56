import { create, type DescField, type DescMessage, fromBinary, ScalarType, toBinary, toJsonString } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeSse } from "../sse/encode.ts";
import { EventEncoder, tokenAt } from "./encode-events.ts";
import { jsonOptions } from "./json-options.ts";

/** One for all, as a hub has it. */
const encoder = new EventEncoder();

/** Encodes an event beside others that share its memory, and answers it with its text. */
function encodeEvent(wire: Uint8Array) {
  const other = toBinary(RunEventSchema, create(RunEventSchema, { resumeToken: "c1.other", summary: "größer" }));
  const memory = Buffer.concat([other, wire]);
  const { events, bytes } = encoder.encode([memory.subarray(0, other.length), memory.subarray(other.length)]);
  const [, event] = events;
  return { ...event, token: tokenAt(bytes, event?.start ?? -1), text: bytes.toString("utf8", event?.start, event?.end) };
}

/** What a scalar may hold on the wire; each draws a value and writes it with its tag. */
const scalars: Partial<Record<ScalarType, (writer: BinaryWriter, field: DescField, random: fc.GeneratorValue) => unknown>> = {
  [ScalarType.STRING]: (writer, { number }, random) =>
    writer
      .tag(number, WireType.LengthDelimited)
      .string(random(() => fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("", '"\\\n\u2028\0', "𝄞")))),
  [ScalarType.BOOL]: (writer, { number }, random) => writer.tag(number, WireType.Varint).bool(random(() => fc.boolean())),
  [ScalarType.UINT32]: (writer, { number }, random) => writer.tag(number, WireType.Varint).uint32(random(() => fc.nat(0xffff_ffff))),
  [ScalarType.INT32]: (writer, { number }, random) => writer.tag(number, WireType.Varint).int32(random(() => fc.integer())),
  [ScalarType.INT64]: (writer, { number }, random) => writer.tag(number, WireType.Varint).int64(random(() => fc.nat(4_000_000_000))),
  [ScalarType.DOUBLE]: (writer, { number }, random) => writer.tag(number, WireType.Bit64).double(random(() => fc.double())),
};

/** Writes bytes that are a message of this type: its fields in any order, some twice, some unknown, lists in one piece or many. */
function wireOf(desc: DescMessage, random: fc.GeneratorValue, depth: number): Uint8Array {
  const writer = new BinaryWriter();
  for (const field of random(() => fc.shuffledSubarray([...desc.fields, ...desc.fields]))) {
    const { number, message, scalar } = field;
    if (field.fieldKind === "map") {
      const entry = new BinaryWriter().tag(1, WireType.LengthDelimited).string("k").tag(2, WireType.LengthDelimited).string("v");
      if (scalar === ScalarType.STRING) writer.tag(number, WireType.LengthDelimited).bytes(entry.finish());
    } else if (message?.typeName === "google.protobuf.Timestamp") {
      const nanos = random(() => fc.constantFrom(0, 5_000_000, 123_000, 1, 999_999_999));
      const time = new BinaryWriter()
        .tag(2, WireType.Varint)
        .int32(nanos)
        .tag(1, WireType.Varint)
        .int64(random(() => fc.nat(4_000_000_000)));
      writer.tag(number, WireType.LengthDelimited).bytes(time.finish());
    } else if (message !== undefined) {
      if (depth > 0) writer.tag(number, WireType.LengthDelimited).bytes(wireOf(message, random, depth - 1));
    } else if (field.enum !== undefined) {
      const values = field.enum.values.map((value) => value.number);
      if (field.fieldKind === "list") writer.tag(number, WireType.LengthDelimited).bytes(new BinaryWriter().int32(values[0] ?? 0).finish());
      else writer.tag(number, WireType.Varint).int32(random(() => fc.constantFrom(...values)));
    } else if (scalar !== undefined) scalars[scalar]?.(writer, field, random);
  }
  if (random(() => fc.boolean())) writer.tag(19_000, WireType.LengthDelimited).string("of a later version");
  return writer.finish();
}

test("writes of any bytes exactly what the message's own JSON would be", () => {
  fc.assert(
    fc.property(fc.gen(), (random) => {
      const token = new BinaryWriter().tag(RunEventSchema.field.resumeToken.number, WireType.LengthDelimited).string("c1.abc_-~");
      const wire = new Uint8Array([...wireOf(RunEventSchema, random, 3), ...token.finish()]);
      const event = fromBinary(RunEventSchema, wire);
      const data = toJsonString(RunEventSchema, event, jsonOptions);
      expect(encodeEvent(wire)).toMatchObject({
        sequence: event.sequence,
        token: "c1.abc_-~",
        text: encodeSse({ id: "c1.abc_-~", data }),
      });
    }),
    { numRuns: 100, endOnFailure: true },
  );
});

test("writes fields that were not sent as JSON has them", () => {
  const event = create(RunEventSchema, { resumeToken: "c1.a", payload: { case: "pageChanged", value: {} } });
  const { text } = encodeEvent(toBinary(RunEventSchema, event));
  expect(text).toBe(`id: c1.a\ndata: ${toJsonString(RunEventSchema, event, jsonOptions)}\n\n`);
});

test.each(["", "a\nb", 'a"b', "é"])("refuses an event whose token no reader could send back: %j", (resumeToken) => {
  expect(() => encodeEvent(toBinary(RunEventSchema, create(RunEventSchema, { resumeToken })))).toThrow(RangeError);
});

test("writes every character of ASCII, and one beyond, at any place of a text as JSON does", () => {
  for (const character of [...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)), "é"]) {
    for (let before = 0; before < 9; before += 1) {
      const summary = "x".repeat(before) + character + "x".repeat(8 - before);
      const event = create(RunEventSchema, { resumeToken: "c1.a", summary });
      expect(encodeEvent(toBinary(RunEventSchema, event)).text).toContain(`,"summary":${JSON.stringify(summary)}`);
    }
  }
});
