import { Fault } from "@clew/fault/fault";
import { linkSignals } from "@clew/streams/linked-signal";
import { cancelled } from "./cancelled.ts";

/** What a connection carries, as far as its silence goes. */
interface AnyFrame {
  readonly kind: string;
  /** From then on a frame comes at least this often. */
  readonly heartbeatMs?: number;
}

/** Frames come at least this often until `hello` says how often. */
const assumedHeartbeatMs = 15_000;

/**
 * Yields the frames of one connection, and gives it up once two heartbeats were missed.
 *
 * Only time spent waiting counts: a reader that is busy with an event accuses nobody. After it ends or throws, nothing of the
 * connection is delivered any more, even where its transport does not heed the abort.
 */
export async function* readConnection<F extends AnyFrame>(
  open: (signal: AbortSignal) => AsyncIterable<F>,
  signal: AbortSignal,
): AsyncGenerator<F> {
  const link = linkSignals(signal);
  const frames = open(link.signal)[Symbol.asyncIterator]();
  let silenceMs = 2 * assumedHeartbeatMs;
  try {
    for (;;) {
      const result = await within(frames.next(), silenceMs, link.signal);
      if (result.done) return;
      const { heartbeatMs = 0 } = result.value;
      if (heartbeatMs > 0) silenceMs = 2 * heartbeatMs;
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
