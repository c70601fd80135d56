import { Fault } from "@clew/fault/fault";
import { linkSignals } from "@clew/streams/linked-signal";
import { longestTimerMs } from "./longest-timer.ts";
import type { RunEvent } from "./run-event.ts";

/** A signal with a deadline of its own, at most 25 days away, and what ends both. */
export function startScope(source: AbortSignal | undefined, timeoutMs: number | undefined) {
  const link = linkSignals(source);
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => link.abort(new Fault("DEADLINE_EXCEEDED", { message: `The run was not over after ${timeoutMs / 1000} s.` })),
          Math.min(timeoutMs, longestTimerMs),
        );
  return {
    signal: link.signal,
    end() {
      clearTimeout(timer);
      link.abort(new Fault("CANCELLED"));
      link[Symbol.dispose]();
    },
  };
}

/** Iterates what `start` makes; `return`, also while a `next` is waiting, ends it at once and without an error. */
export function closable(
  source: AbortSignal | undefined,
  timeoutMs: number | undefined,
  start: (signal: AbortSignal) => AsyncGenerator<RunEvent>,
): AsyncIterableIterator<RunEvent> & { return(): Promise<IteratorResult<RunEvent>> } {
  let open: { readonly events: AsyncGenerator<RunEvent>; readonly scope: ReturnType<typeof startScope> } | undefined;
  let left = false;
  const over = { done: true, value: undefined } as const;
  const leave = () => {
    left = true;
    open?.scope.end();
  };
  return {
    async next() {
      if (left) return over;
      if (open === undefined) {
        const scope = startScope(source, timeoutMs);
        open = { events: start(scope.signal), scope };
      }
      try {
        const result = await open.events.next();
        if (result.done) leave();
        return left ? over : result;
      } catch (thrown) {
        if (left) return over;
        leave();
        throw thrown;
      }
    },
    async return() {
      leave();
      await open?.events.return(undefined).catch(() => {});
      return over;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
