import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { Fault } from "@clew/fault/fault";

/** How long a response waits for its reader. */
export interface PaceLimits {
  /** Milliseconds a reader may take nothing while bytes wait; then it is disconnected. */
  readonly stallMs: number;
}

/** How long a reader is waited for unless a gateway is told otherwise. */
export const defaultPaceLimits: PaceLimits = { stallMs: 20_000 };

/** A response that is written no faster than it is read. */
export interface PacedResponse {
  /**
   * Hands bytes to the socket, and resolves when there is room for more: what waits for a reader is one chunk and what the socket's buffer takes.
   *
   * @throws the signal's reason when it aborts, and CANCELLED when the reader is gone.
   */
  write(chunk: Uint8Array): Promise<void>;
}

/** Destroys the connection of a reader who takes nothing for `stallMs` while bytes wait for it, and tells. */
export function disconnectStalled(response: ServerResponse, { stallMs, onStall }: PaceLimits & { readonly onStall: () => void }): void {
  // A socket's own timeout counts partial progress of a large write, which no event of the stream shows.
  response.setTimeout(stallMs);
  disconnectTimedOut(response, onStall);
}

/** Destroys the connection of a reader for whom bytes wait when its socket's timeout, which the caller sets, is over, and tells. */
export function disconnectTimedOut(response: ServerResponse, onStall: () => void): void {
  // Over HTTP/2 a callback of its own would be called once: a reader that was only idle then could stall for ever after.
  const source = "stream" in response && response.stream instanceof EventEmitter ? response.stream : response;
  source.on("timeout", () => {
    if (response.writableLength === 0) return;
    onStall();
    response.destroy(new Fault("STALLED"));
  });
}

/** Paces a response. A reader that stalls has its connection destroyed, and `onStall` is told. */
export function paceResponse(
  response: ServerResponse,
  limits: PaceLimits,
  options: { readonly signal: AbortSignal; readonly onStall: () => void },
): PacedResponse {
  disconnectStalled(response, { stallMs: limits.stallMs, onStall: options.onStall });
  let isClosed = response.destroyed;
  response.on("close", () => {
    isClosed = true;
  });
  return {
    async write(chunk) {
      options.signal.throwIfAborted();
      if (isClosed) throw new Fault("CANCELLED");
      if (!response.write(chunk)) await drained(response, options.signal);
    },
  };
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => () => {
      response.off("drain", onDrain).off("close", onClose);
      signal.removeEventListener("abort", onAbort);
      act();
    };
    const onDrain = settle(resolve);
    const onClose = settle(() => reject(new Fault("CANCELLED")));
    const onAbort = settle(() => reject(signal.reason));
    response.on("drain", onDrain).on("close", onClose);
    signal.addEventListener("abort", onAbort);
  });
}
