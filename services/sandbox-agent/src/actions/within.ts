import { Fault } from "@clew/fault/fault";
import { abortable } from "@clew/streams/abortable";
import { linkSignals } from "@clew/streams/linked-signal";

/** Settles as `asked` does, for questions to a page that have no limit of their own; rejects with ACTION_TIMED_OUT after `ms`, or when the signal aborts. */
export async function within<T>(asked: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  using link = linkSignals(signal);
  const timer = setTimeout(
    () => link.abort(new Fault("ACTION_TIMED_OUT", { message: `The page did not answer within ${ms / 1_000} s.` })),
    ms,
  );
  try {
    return await abortable(asked, link.signal);
  } finally {
    clearTimeout(timer);
  }
}
