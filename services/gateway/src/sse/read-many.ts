import { Fault } from "@clew/fault/fault";
import { createBackoff } from "@clew/streams/backoff";
import type { LinkedSignal } from "@clew/streams/linked-signal";
import type { OnUnexpected } from "../http/unexpected.ts";
import { type Clock, wait } from "../hub/clock.ts";
import { type Judge, type Judgement, judgeToken } from "../hub/judge.ts";
import { isRefusal } from "./refusal.ts";

/** A run, and who says whether its reader may read it. */
export interface RunReader {
  readonly runId: string;
  readonly judge: Judge;
}

/** A run as it begins on a connection: where it is read from, or why it is not read now. */
export interface Beginning extends RunReader {
  readonly start: Judgement | Fault;
}

/** What reading many runs needs. */
export interface ReadManyOptions {
  readonly clock: Clock;
  /** Aborted where the connection is to end before all of them. */
  readonly link: LinkedSignal;
  readonly onUnexpected: OnUnexpected;
  /** Reads one run, to its end. */
  read(reader: RunReader, start: Judgement): Promise<void>;
  /** Finds where the reader stands in a run. */
  tokenOf(runId: string): string;
  /** Told of a run of which nothing is left. */
  lose(runId: string, fault: Fault): void;
}

/**
 * Reads each of many runs to its end, as if it were alone. One that cannot be read now waits and is tried again on its own.
 *
 * @throws Fault where none of those that are left can be read now, or the reader is refused; the signal's reason when it aborts.
 */
export async function readMany(beginnings: readonly Beginning[], options: ReadManyOptions): Promise<void> {
  const { clock, link, onUnexpected } = options;
  const { signal } = link;
  const unread = new Set(beginnings.map(({ runId }) => runId));
  const waiting = new Map<string, Fault>();
  const leaveIfAllWait = () => {
    const [fault] = waiting.values();
    if (fault !== undefined && waiting.size === unread.size) link.abort(fault);
    signal.throwIfAborted();
  };
  const readToEnd = async ({ start, ...reader }: Beginning) => {
    const { runId } = reader;
    const backoff = createBackoff({ initialMs: 1_000, maxMs: 15_000, random: clock.random });
    for (let next = start; ; ) {
      try {
        if (next instanceof Fault) throw next;
        waiting.delete(runId);
        return await options.read(reader, next);
      } catch (error) {
        signal.throwIfAborted();
        const fault = Fault.from(error);
        if (isGone(fault)) return options.lose(runId, fault);
        onUnexpected(error);
        waiting.set(runId, fault);
        leaveIfAllWait();
        await wait(clock, Math.max(fault.retryAfterMs ?? 0, backoff.next()), signal);
        next = await judgeAgain(reader);
      }
    }
  };
  const judgeAgain = async ({ runId, judge }: RunReader): Promise<Judgement | Fault> => {
    try {
      return await judgeToken(judge, options.tokenOf(runId), { clock, patienceMs: 0, signal });
    } catch (error) {
      const fault = Fault.from(error);
      // Whether it still may is for a new connection to say.
      if (!isGone(fault) && (isRefusal(fault) || fault.reason === "TICKET_EXPIRED")) link.abort(fault);
      signal.throwIfAborted();
      return fault;
    }
  };
  const all = beginnings.map(async (beginning) => {
    await readToEnd(beginning);
    unread.delete(beginning.runId);
    leaveIfAllWait();
  });
  await Promise.allSettled(all);
  await Promise.all(all);
}

/** Whether nothing of a run is left to go on from. */
export function isGone({ code, reason }: Fault): boolean {
  return code === "NOT_FOUND" || reason === "EXPIRED";
}
