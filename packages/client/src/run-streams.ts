import { Fault } from "@clew/fault/fault";
import { closable } from "./closable.ts";
import { followMany } from "./follow-many.ts";
import type { Gateway } from "./gateway.ts";
import { openMany } from "./many-frames.ts";
import type { RunEvent } from "./run-event.ts";
import type { EventsOptions } from "./run-handle.ts";

/** How to follow many runs at once. */
export interface StreamsOptions extends Omit<EventsOptions, "after"> {
  /** A `position` of an earlier stream of the same runs: only what comes after it. `now`: only what is new. Absent: from each run's first event. */
  readonly after?: string | undefined;
}

/** The events of many runs: of each run every event once and in order, until all are over. Leaving the loop ends the stream, never a run. */
export interface RunStreams extends AsyncIterableIterator<RunEvent> {
  /** Where the stream stands in all its runs, after the event that was yielded last; what `after` takes. */
  readonly position: string;
}

/** The most runs one stream has. */
const maxRuns = 50;

/** Follows many runs over one connection at a time; nothing is sent before the first `next`. Throws INVALID_REQUEST for none or more than 50. */
export function createRunStreams(
  gateway: Gateway,
  ids: readonly string[],
  { after = "", types = [], signal, timeoutMs, onReset = "throw", onTrouble }: StreamsOptions,
  patience: { readonly renewsTicket: boolean; readonly connectPatienceMs: number; readonly reconnectPatienceMs: number },
): RunStreams {
  const runIds = [...new Set(ids)];
  if (runIds.length === 0 || runIds.length > maxRuns) throw new Fault("INVALID_REQUEST", { message: `runs: from 1 to ${maxRuns}.` });
  let position = after;
  const onPosition = (next: string) => {
    position = next;
  };
  const events = closable(signal, timeoutMs, (own) =>
    followMany((request) => openMany(gateway, request), { ...patience, runIds, after, types, onReset, onTrouble, onPosition, signal: own }),
  );
  return {
    get position() {
      return position;
    },
    next: () => events.next(),
    return: () => events.return(),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
