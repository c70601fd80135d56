import { Buffer } from "node:buffer";

/** A message of a stream as it came. */
export interface Envelope {
  /** All of it, its head included. */
  readonly bytes: Uint8Array;
  /** What the sender says of it: 1 is compressed; others are no message of the call. */
  readonly flags: number;
  /** What is in it; undefined where it is longer than was to be kept, or cut off. */
  readonly message: Uint8Array | undefined;
}

const headBytes = 5;

/** Cuts a body into its messages, each of at most `mostBytes`; what follows a longer one is passed on as it comes. */
export async function* readEnvelopes(chunks: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Envelope> {
  let held = Buffer.alloc(0);
  let isTooLong = false;
  for await (const chunk of chunks) {
    held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
    while (!isTooLong && held.length >= headBytes) {
      const end = headBytes + held.readUInt32BE(1);
      isTooLong = end > headBytes + mostBytes;
      if (isTooLong || held.length < end) break;
      yield { bytes: held.subarray(0, end), flags: held.readUInt8(0), message: held.subarray(headBytes, end) };
      held = held.subarray(end);
    }
    if (!isTooLong) continue;
    yield { bytes: held, flags: 0, message: undefined };
    held = Buffer.alloc(0);
  }
  if (held.length > 0) yield { bytes: held, flags: 0, message: undefined };
}
