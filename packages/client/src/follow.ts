import { Fault } from "@clew/fault/fault";
import { createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import { cancelled } from "./cancelled.ts";
import { readConnection } from "./connection.ts";
import type { EventTransport } from "./event-transport.ts";
import { admit, afterCheckpoint, afterEvent, type Position, startPosition } from "./position.ts";
import type { RunEvent } from "./run-event.ts";

/** How to follow a run. */
export interface FollowOptions {
  /** A resume token, or a sequence: only what comes after it. `now`: only what is new. Absent: from the first event. */
  readonly after?: string | number | undefined;
  /** Only events of these types. */
  readonly types?: readonly string[] | undefined;
  /** Ends the stream, never the run; the loop then throws CANCELLED, or DEADLINE_EXCEEDED for a timeout. */
  readonly signal: AbortSignal;
  /** What to do when the service no longer has the history `after` belongs to: throw the Fault (the default), or go on from the earliest event there is. */
  readonly onReset?: "throw" | "continue" | undefined;
  /** Whether each connection brings a ticket of its own, so that an expired one is worth another try. */
  readonly renewsTicket?: boolean;
  /** Milliseconds without an answer after which it gives up, before the first answer. */
  readonly connectPatienceMs: number;
  /** The same after the first answer. */
  readonly reconnectPatienceMs: number;
  /** The longest first wait between two connections, in milliseconds; 500 unless given. */
  readonly backoffMs?: number;
}

/** Why a connection is over although the run's end was not seen. */
interface Cut {
  readonly fault: Fault;
  /** Milliseconds the service asked to wait; otherwise the backoff decides. */
  readonly afterMs?: number;
  /** Whether the service answered something that does not fit: worth few tries only. */
  readonly odd?: boolean;
}

/** Odd answers in a row, without one event between them, after which there is no point. */
const maxOddities = 5;
const longestWaitMs = 60_000;

/**
 * Yields a run's events, each exactly once and in order, over as many connections as it takes, and ends after the last.
 *
 * One connection lives at a time, and only the next sequence is applied: what comes again is dropped, and a gap, a silence, a clean
 * close without `end` or an `end` that claims more than was seen is a broken connection, resumed after the last event applied.
 * The position moves before an event is yielded; to do better than "once unless the program dies", keep `event.resumeToken` in the
 * same transaction as what you make of the event.
 */
export async function* follow(open: EventTransport, runId: string, options: FollowOptions): AsyncGenerator<RunEvent> {
  const { signal, onReset = "throw", backoffMs = 500 } = options;
  const types = options.types ?? [];
  const filtered = types.length > 0;
  const backoff = createBackoff({ initialMs: backoffMs, maxMs: Math.max(backoffMs, 15_000) });
  let position = startPosition(options.after);
  let patienceMs = options.connectPatienceMs;
  let troubledSince: number | undefined;
  let oddities = 0;

  for (;;) {
    let cut: Cut | undefined;
    try {
      cut = yield* readUntilCut();
    } catch (thrown) {
      if (signal.aborted) throw cancelled(signal);
      cut = toCut(Fault.from(thrown));
    }
    if (cut === undefined) return;

    troubledSince ??= performance.now();
    if (cut.odd === true) oddities += 1;
    if (oddities >= maxOddities || performance.now() - troubledSince > patienceMs) throw cut.fault;
    // Up to a fifth more than was asked: those who were sent away together should not come back together.
    const waitMs = cut.afterMs === undefined ? backoff.next() : Math.min(cut.afterMs, longestWaitMs) * (1 + Math.random() / 5);
    await delay(waitMs, { signal }).catch(() => {
      throw cancelled(signal);
    });
  }

  /** Applies what one connection brings; undefined when that is the end. */
  async function* readUntilCut(): AsyncGenerator<RunEvent, Cut | undefined> {
    for await (const frame of readConnection(open, { runId, after: position.after, types, signal })) {
      switch (frame.kind) {
        case "hello":
        case "checkpoint":
          position = afterCheckpoint(position, frame.token, filtered);
          alive();
          if (frame.kind === "checkpoint") backoff.reset();
          break;
        case "events":
          alive();
          for (const event of frame.events) {
            const verdict = admit(position, event, filtered);
            if (verdict === "duplicate") continue;
            if (verdict === "gap") return { fault: missing(position, event.sequence - 1), odd: true };
            position = afterEvent(event);
            oddities = 0;
            backoff.reset();
            yield event;
          }
          break;
        case "later":
          return { fault: frame.fault, afterMs: frame.afterMs };
        case "ticketExpired":
          if (options.renewsTicket !== true) throw new Fault("TICKET_EXPIRED");
          return { fault: new Fault("TICKET_EXPIRED"), odd: true };
        case "reset":
          reset(frame.fault, frame.earliest);
          break;
        case "end":
          return ended(frame.lastSequence);
      }
    }
    return { fault: new Fault("CONNECTION_LOST") };
  }

  function alive(): void {
    troubledSince = undefined;
    patienceMs = options.reconnectPatienceMs;
  }

  function reset(fault: Fault, earliest: string): void {
    oddities += 1;
    if (onReset === "throw" || oddities >= maxOddities) throw fault;
    position = { after: earliest, last: undefined };
  }

  function ended(lastSequence: number | undefined): Cut | undefined {
    const { last } = position;
    if (filtered || last === undefined || lastSequence === last) return undefined;
    if (lastSequence === undefined) return last > 0 ? undefined : { fault: new Fault("CONNECTION_LOST"), odd: true };
    if (lastSequence < last)
      throw new Fault("DIVERGED", { message: `The run ended with event ${lastSequence}, but event ${last} was seen.` });
    return { fault: missing(position, lastSequence), odd: true };
  }

  function toCut(fault: Fault): Cut {
    const { earliest } = fault.details;
    if (fault.code === "OUT_OF_RANGE" && earliest !== undefined) {
      reset(fault, earliest);
      return { fault, afterMs: 0 };
    }
    if (fault.retryable) return fault.retryAfterMs === undefined ? { fault } : { fault, afterMs: fault.retryAfterMs };
    if (fault.code === "INTERNAL" || fault.code === "UNKNOWN") return { fault, odd: true };
    throw fault;
  }
}

function missing({ last }: Position, until: number): Fault {
  return new Fault("CONNECTION_LOST", { message: `The stream left out events ${(last ?? 0) + 1} to ${until}.` });
}
