import { Fault } from "@clew/fault/fault";
import { cancelled } from "./cancelled.ts";
import { readConnection } from "./connection.ts";
import type { ManyFrame, ManyRequest } from "./many-frames.ts";
import { admit, afterEvent, afterHello, type Position, startPosition } from "./position.ts";
import { type Cut, cutBy, type ReconnectOptions, Reconnects } from "./reconnects.ts";
import type { RunEvent } from "./run-event.ts";

/** How to follow many runs. */
export interface FollowManyOptions extends ReconnectOptions {
  readonly runIds: readonly string[];
  /** The position to go on from, as `onPosition` was told it; for the same runs only. Empty: from each run's first event. */
  readonly after: string;
  readonly types: readonly string[];
  readonly onReset: "throw" | "continue";
  readonly renewsTicket: boolean;
  /** Told of the position after each step, before the event that led there is yielded. */
  readonly onPosition: (position: string) => void;
}

/**
 * Yields the events of many runs over one connection at a time: of each run every event once and in order, until all are over.
 *
 * As with one run, a gap, a silence, a clean close without the last `end` or an `end` that claims more than was seen is a broken
 * connection, resumed after the last event applied; the end of all counts only after an end of each.
 */
export async function* followMany(
  open: (request: ManyRequest) => AsyncIterable<ManyFrame>,
  options: FollowManyOptions,
): AsyncGenerator<RunEvent> {
  const { runIds, types, signal } = options;
  const filtered = types.length > 0;
  const reconnects = new Reconnects(options);
  const positions = new Map<string, Position>();
  const unknown: Position = { after: "", last: undefined };
  for (const runId of runIds) positions.set(runId, options.after === "" ? startPosition("") : unknown);
  const ended = new Set<string>();
  let after = options.after;

  for (;;) {
    let cut: Cut | undefined;
    try {
      cut = yield* readUntilCut();
    } catch (thrown) {
      if (signal.aborted) throw cancelled(signal);
      cut = cutBy(Fault.from(thrown));
    }
    if (cut === undefined) return;
    await reconnects.wait(cut);
  }

  /** Applies what one connection brings; undefined when that is the end of all. */
  async function* readUntilCut(): AsyncGenerator<RunEvent, Cut | undefined> {
    const from = after;
    const greeted = new Set<string>();
    for await (const frame of readConnection((connection) => open({ runIds, after: from, types, signal: connection }), signal)) {
      switch (frame.kind) {
        case "retry":
          reconnects.wishFor(frame.ms);
          break;
        case "hello": {
          const { runId } = frame;
          const position = positions.get(runId);
          if (position === undefined) return odd(`The stream greeted a reader of ${runId}, which was not asked for.`);
          positions.set(runId, afterHello(position, frame.sequence));
          greeted.add(runId);
          stand(frame.id);
          break;
        }
        case "checkpoint":
          stand(frame.id);
          break;
        case "event": {
          reconnects.answered();
          const { event } = frame;
          const position = positions.get(event.runId);
          if (position === undefined) return odd(`The stream carried an event of ${event.runId}, which was not asked for.`);
          const verdict = admit(position, event, filtered);
          if (verdict === "gap") return odd(`The stream left out events of ${event.runId} before ${event.sequence}.`);
          moveTo(frame.id);
          if (verdict === "duplicate") break;
          positions.set(event.runId, afterEvent(event));
          reconnects.progressed();
          yield event;
          break;
        }
        case "runEnd": {
          const last = positions.get(frame.runId)?.last;
          if (!filtered && last !== undefined && last !== frame.lastSequence)
            return odd(`The stream ended ${frame.runId} before its last event.`);
          ended.add(frame.runId);
          moveTo(frame.id);
          break;
        }
        case "later":
          return { fault: frame.fault, afterMs: frame.afterMs };
        case "ticketExpired":
          if (!options.renewsTicket) throw new Fault("TICKET_EXPIRED");
          return { fault: new Fault("TICKET_EXPIRED"), afterMs: 0, odd: true };
        case "reset": {
          if (options.onReset === "throw") throw frame.fault;
          reconnects.odd(frame.fault);
          const lost = frame.runId === undefined ? runIds : [frame.runId];
          for (const runId of lost) {
            positions.set(runId, unknown);
            ended.delete(runId);
          }
          // Nothing is left of it, and it says no more.
          const isGone = frame.runId !== undefined && frame.fault.details["earliest"] === "";
          if (isGone) ended.add(frame.runId);
          moveTo(frame.id);
          // Which event comes next is said at a greeting only.
          if (!isGone && lost.some((runId) => greeted.has(runId))) return { fault: frame.fault, afterMs: 0 };
          break;
        }
        case "end":
          return ended.size === runIds.length ? undefined : odd("The stream ended before its runs did.");
        case "complete":
          return filtered || [...positions.values()].every(({ last }) => last !== 0)
            ? undefined
            : odd("The stream ended before its runs did.");
      }
    }
    return { fault: new Fault("CONNECTION_LOST") };
  }

  /** Only behind a filter, and before the first event after `now`, does the service know better than the events where the reader stands. */
  function stand(id: string): void {
    reconnects.answered();
    if (filtered || after === "now") moveTo(id);
  }

  function moveTo(id: string): void {
    if (id === "") return;
    after = id;
    options.onPosition(id);
  }
}

function odd(message: string): Cut {
  return { fault: new Fault("CONNECTION_LOST", { message }), odd: true };
}
