import { Fault } from "@clew/fault/fault";
import type { ServerWritableStream } from "@grpc/grpc-js";

/**
 * Writes all values to a call, waiting whenever its reader is behind.
 *
 * @throws Fault STALLED when the reader takes nothing for `stallMs`, CANCELLED when it leaves.
 */
export async function writeAll(
  call: ServerWritableStream<unknown, unknown>,
  values: AsyncIterable<unknown>,
  stallMs: number,
): Promise<void> {
  for await (const value of values) {
    if (call.cancelled) throw new Fault("CANCELLED");
    if (!call.write(value)) await drained(call, stallMs);
  }
}

function drained(call: ServerWritableStream<unknown, unknown>, stallMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (fault?: Fault) => {
      clearTimeout(timer);
      call.off("drain", onDrain).off("cancelled", onCancelled);
      if (fault === undefined) resolve();
      else reject(fault);
    };
    const onDrain = () => settle();
    const onCancelled = () => settle(new Fault("CANCELLED"));
    const timer = setTimeout(() => settle(new Fault("STALLED")), stallMs);
    call.on("drain", onDrain).on("cancelled", onCancelled);
    if (call.cancelled) onCancelled();
  });
}
