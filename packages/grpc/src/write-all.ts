import { Fault } from "@clew/fault/fault";
import { wireContract } from "@clew/streams/wire-contract";
import type { ServerWritableStream } from "@grpc/grpc-js";

/** How much may be on its way to a reader: enough to keep the connection busy. grpc-js itself would hold 16 messages of any size. */
const mostMessages = 4;
const mostBytes = 128 * 1024;

/**
 * Writes all encoded messages to a call and resolves when the connection has taken them. At most 4 messages or 128 KiB,
 * or one larger message, are on their way at a time; the next is in hand, and written when one of them is taken.
 *
 * @throws Fault STALLED when the reader takes nothing for `stallMs`, CANCELLED when it leaves.
 */
export async function writeAll(
  call: ServerWritableStream<unknown, unknown>,
  messages: AsyncIterable<Uint8Array>,
  stallMs: number,
): Promise<void> {
  const underway = { messages: 0, bytes: 0 };
  let onTaken: (() => void) | undefined;
  const taken = () =>
    new Promise<void>((resolve, reject) => {
      const settle = (fault?: Fault) => {
        clearTimeout(timer);
        call.off("cancelled", onCancelled);
        onTaken = undefined;
        if (fault === undefined) resolve();
        else reject(fault);
      };
      const onCancelled = () => settle(new Fault("CANCELLED"));
      const timer = setTimeout(() => settle(new Fault("STALLED")), stallMs);
      onTaken = () => settle();
      call.on("cancelled", onCancelled);
      if (call.cancelled) onCancelled();
    });

  for await (const message of messages) {
    const { byteLength } = message;
    // grpc-js would end the call without telling us.
    if (byteLength > wireContract.maxMessageBytes) throw new Error(`A message of ${byteLength} bytes is larger than any may be.`);
    while (underway.messages >= mostMessages || (underway.messages > 0 && underway.bytes + byteLength > mostBytes)) await taken();
    if (call.cancelled) throw new Fault("CANCELLED");
    underway.messages++;
    underway.bytes += byteLength;
    call.write(message, () => {
      underway.messages--;
      underway.bytes -= byteLength;
      onTaken?.();
    });
  }
  while (underway.messages > 0) await taken();
}
