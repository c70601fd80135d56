import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { readEnvelopes } from "./read-envelopes.ts";

function envelope(flags: number, message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Cuts bytes at places that are given in parts of the whole. */
async function* cut(bytes: Buffer, places: readonly number[]): AsyncGenerator<Uint8Array> {
  const ends = [...places.map((place) => Math.floor(place * bytes.length)), bytes.length].sort((a, b) => a - b);
  for (const [index, end] of ends.entries()) yield bytes.subarray(ends[index - 1] ?? 0, end);
}

const messages = fc.array(fc.record({ flags: fc.integer({ min: 0, max: 3 }), message: fc.uint8Array({ maxLength: 20 }) }), {
  maxLength: 5,
});
const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });

test("finds each message of a body, wherever that is cut, and passes on every byte", async () => {
  await fc.assert(
    fc.asyncProperty(messages, places, async (sent, at) => {
      const whole = Buffer.concat(sent.map(({ flags, message }) => envelope(flags, message)));
      const found = await Array.fromAsync(readEnvelopes(cut(whole, at), 20));
      expect(found.map(({ flags, message }) => ({ flags, message: message && new Uint8Array(message) }))).toEqual(sent);
      expect(Buffer.concat(found.map(({ bytes }) => bytes))).toEqual(whole);
    }),
  );
});

test("passes on a message that is too long, and all that follows, without holding it", async () => {
  const whole = Buffer.concat([envelope(0, Buffer.from("ab")), envelope(0, Buffer.alloc(21)), envelope(0, Buffer.from("cd"))]);
  const found = await Array.fromAsync(readEnvelopes(cut(whole, [0.2, 0.4, 0.6]), 20));
  expect(found.map(({ message }) => message?.toString())).toEqual(["ab", undefined, undefined, undefined]);
  expect(Buffer.concat(found.map(({ bytes }) => bytes))).toEqual(whole);
});

test("puts a long message together once, however many pieces it comes in", async () => {
  const whole = envelope(0, Buffer.alloc(200_000, "a"));
  let concatenated = 0;
  const { concat } = Buffer;
  const counting = vi.spyOn(Buffer, "concat").mockImplementation((list, total) => {
    const made = concat(list, total);
    concatenated += made.length;
    return made;
  });
  try {
    const pieces = Array.from({ length: 2_000 }, (_, index) => index / 2_000);
    const found = await Array.fromAsync(readEnvelopes(cut(whole, pieces), 1_000_000));
    expect(found.map(({ message }) => message?.length)).toEqual([200_000]);
    expect(concatenated).toBeLessThan(3 * whole.length);
  } finally {
    counting.mockRestore();
  }
});

test("passes on a message that is cut off", async () => {
  const whole = envelope(0, Buffer.from("abcdef")).subarray(0, 8);
  const found = await Array.fromAsync(readEnvelopes(cut(whole, []), 20));
  expect(found.map(({ message }) => message)).toEqual([undefined]);
  expect(Buffer.concat(found.map(({ bytes }) => bytes))).toEqual(whole);
});
