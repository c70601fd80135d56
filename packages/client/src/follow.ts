import { Fault } from "@clew/fault/fault";
import { cancelled } from "./cancelled.ts";
import { readConnection } from "./connection.ts";
import type { EventTransport } from "./event-transport.ts";
import { admit, afterCheckpoint, afterEvent, afterHello, type Position, startPosition } from "./position.ts";
import { type Cut, cutBy, type ReconnectOptions, Reconnects } from "./reconnects.ts";
import type { RunEvent } from "./run-event.ts";

/** How to follow a run. The signal ends the stream, never the run; the loop then throws CANCELLED, or DEADLINE_EXCEEDED for a timeout. */
export interface FollowOptions extends ReconnectOptions {
  /** A resume token, or a sequence: only what comes after it. `now`: only what is new. Absent: from the first event. */
  readonly after?: string | number | undefined;
  /** Only events of these types. */
  readonly types?: readonly string[] | undefined;
  /** What to do when the service no longer has the history `after` belongs to: throw the Fault (the default), or go on from the earliest event there is. */
  readonly onReset?: "throw" | "continue" | undefined;
  /** Whether each connection brings a ticket of its own, so that an expired one is worth another try. */
  readonly renewsTicket?: boolean;
}

/**
 * Yields a run's events, each exactly once and in order, over as many connections as it takes, and ends after the last.
 *
 * One connection lives at a time, and only the next sequence is applied: what comes again is dropped, and a gap, a silence, a clean
 * close without `end` or an `end` that claims more than was seen is a broken connection, resumed after the last event applied.
 * The position moves before an event is yielded; to do better than "once unless the program dies", keep `event.resumeToken` in the
 * same transaction as what you make of the event.
 */
export async function* follow(open: EventTransport, runId: string, options: FollowOptions): AsyncGenerator<RunEvent> {
  const { signal, onReset = "throw" } = options;
  const types = options.types ?? [];
  const filtered = types.length > 0;
  const reconnects = new Reconnects(options);
  let position = startPosition(options.after);

  for (;;) {
    let cut: Cut | undefined;
    try {
      cut = yield* readUntilCut();
    } catch (thrown) {
      if (signal.aborted) throw cancelled(signal);
      cut = toCut(Fault.from(thrown));
    }
    if (cut === undefined) return;
    await reconnects.wait(cut);
  }

  /** Applies what one connection brings; undefined when that is the end. */
  async function* readUntilCut(): AsyncGenerator<RunEvent, Cut | undefined> {
    const { after } = position;
    let isGreeted = false;
    for await (const frame of readConnection((connection) => open({ runId, after, types, signal: connection }), signal)) {
      switch (frame.kind) {
        case "retry":
          reconnects.wishFor(frame.ms);
          break;
        case "hello":
          reconnects.answered();
          position = afterHello(afterCheckpoint(position, frame.token, filtered), frame.sequence);
          isGreeted = true;
          break;
        case "checkpoint":
          reconnects.answered();
          reconnects.progressed();
          position = afterCheckpoint(position, frame.token, filtered);
          break;
        case "events":
          reconnects.answered();
          for (const event of frame.events) {
            const verdict = admit(position, event, filtered);
            if (verdict === "duplicate") continue;
            if (verdict === "gap") return { fault: missing(position, event.sequence - 1), odd: true };
            position = afterEvent(event);
            reconnects.progressed();
            yield event;
          }
          break;
        case "later":
          return { fault: frame.fault, afterMs: frame.afterMs };
        case "ticketExpired":
          if (options.renewsTicket !== true) throw new Fault("TICKET_EXPIRED");
          return { fault: new Fault("TICKET_EXPIRED"), afterMs: 0, odd: true };
        case "reset":
          reset(frame.fault, frame.earliest);
          // Which event comes next is said at a greeting only.
          if (isGreeted) return { fault: frame.fault, afterMs: 0 };
          break;
        case "end":
          return ended(frame.lastSequence);
      }
    }
    return { fault: new Fault("CONNECTION_LOST") };
  }

  function reset(fault: Fault, earliest: string): void {
    if (onReset === "throw") throw fault;
    reconnects.odd(fault);
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
    return cutBy(fault);
  }
}

function missing({ last }: Position, until: number): Fault {
  return new Fault("CONNECTION_LOST", { message: `The stream left out events ${(last ?? 0) + 1} to ${until}.` });
}
