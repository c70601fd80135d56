import { Fault } from "@clew/fault/fault";
import { linkSignals } from "@clew/streams/linked-signal";
import { cancelled } from "./cancelled.ts";
import type { EventTransport, Frame, StreamRequest } from "./event-transport.ts";

/** Frames come at least this often until `hello` says how often. */
const assumedHeartbeatMs = 15_000;

/**
 * Yields the frames of one connection, and gives it up once two heartbeats were missed.
 *
 * Only time spent waiting counts: a reader that is busy with an event accuses nobody. After it ends or throws, nothing of the
 * connection is delivered any more, even where its transport does not heed the abort.
 */
export async function* readConnection(open: EventTransport, request: StreamRequest): AsyncGenerator<Frame> {
  const link = linkSignals(request.signal);
  const frames = open({ ...request, signal: link.signal })[Symbol.asyncIterator]();
  let silenceMs = 2 * assumedHeartbeatMs;
  try {
    for (;;) {
      const result = await within(frames.next(), silenceMs, link.signal);
      if (result.done) return;
      if (result.value.kind === "hello" && result.value.heartbeatMs > 0) silenceMs = 2 * result.value.heartbeatMs;
      yield result.value;
    }
  } finally {
    link.abort(new Fault("CANCELLED"));
    link[Symbol.dispose]();
    void frames.return?.().then(undefined, () => {});
  }
}

function within<T>(promise: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(cancelled(signal));
    const timer = setTimeout(() => reject(new Fault("CONNECTION_LOST", { message: `Nothing came for ${ms / 1000} s.` })), ms);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort);
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    });
  });
}
