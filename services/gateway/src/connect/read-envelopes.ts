import { Buffer } from "node:buffer";

/** A message of a stream as it came. */
export interface Envelope {
  /** All of it, its head included. */
  readonly bytes: Uint8Array;
  /** What the sender says of it, bit by bit: 1 is compressed, 2 and 128 are the end of a stream, in Connect and gRPC-Web. */
  readonly flags: number;
  /** What is in it; undefined where it is longer than was to be kept, or cut off. */
  readonly message: Uint8Array | undefined;
}

const headBytes = 5;

/** Cuts a body into its messages, each of at most `mostBytes`; what follows a longer one is passed on as it comes. */
export async function* readEnvelopes(chunks: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Envelope> {
  let held = Buffer.alloc(0);
  let isTooLong = false;
  // They are put together once there is enough of them, not with each.
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let wantedBytes = headBytes;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    waitingBytes += chunk.byteLength;
    if (!isTooLong && waitingBytes < wantedBytes) continue;
    held = Buffer.concat(waiting);
    while (!isTooLong && held.length >= headBytes) {
      const end = headBytes + held.readUInt32BE(1);
      isTooLong = end > headBytes + mostBytes;
      if (isTooLong || held.length < end) break;
      yield { bytes: held.subarray(0, end), flags: held.readUInt8(0), message: held.subarray(headBytes, end) };
      held = held.subarray(end);
    }
    if (isTooLong) {
      yield { bytes: held, flags: 0, message: undefined };
      held = Buffer.alloc(0);
    }
    waiting = held.length === 0 ? [] : [held];
    waitingBytes = held.length;
    wantedBytes = held.length < headBytes ? headBytes : headBytes + held.readUInt32BE(1);
  }
  if (waitingBytes > 0) yield { bytes: Buffer.concat(waiting), flags: 0, message: undefined };
}
