import { Fault } from "@clew/fault/fault";
import { createBackoff } from "@clew/streams/backoff";
import { type Clock, wait } from "./clock.ts";
import { isAway } from "./is-away.ts";
import type { Place } from "./place.ts";

/** What the orchestrator says of a reader and the place it gave. */
export interface Verdict {
  readonly place: Place;
  /** The sequence of the last event there is. */
  readonly tail: number;
  /** Whether the run is over and the reader has all of it. */
  readonly hasAll: boolean;
  /** The types of events the reader may have; all when absent. */
  readonly types?: ReadonlySet<string> | undefined;
}

/** Asks the orchestrator, as the reader it is about, whether a token may be read on from. */
export type Judge = (token: string, signal: AbortSignal) => Promise<Verdict>;

/** A verdict, and whether it is about another place than the one that was given. */
export interface Judgement extends Verdict {
  /** Why the place that was given cannot be read on from. */
  readonly lost?: Fault | undefined;
}

/** More than this in a row means that a place is refused as soon as it is given. */
const maxLost = 3;

/**
 * Has a reader's token judged. One of a history that is gone is answered with the earliest place there is instead.
 *
 * @throws Fault where the reader may not read the run, the token is none, or the orchestrator is away for longer than `patienceMs`.
 */
export async function judgeToken(
  judge: Judge,
  token: string,
  { clock, patienceMs, signal }: { readonly clock: Clock; readonly patienceMs: number; readonly signal: AbortSignal },
): Promise<Judgement> {
  const backoff = createBackoff({ initialMs: 100, maxMs: 2_000, random: clock.random });
  const startedAt = clock.now();
  const lost: Fault[] = [];
  for (;;) {
    try {
      const verdict = await judge(lost.at(-1)?.details["earliest"] ?? token, signal);
      return { ...verdict, lost: lost.at(0) };
    } catch (error) {
      signal.throwIfAborted();
      const fault = Fault.from(error);
      if (fault.code === "OUT_OF_RANGE" && fault.details["earliest"] !== undefined && lost.length < maxLost) lost.push(fault);
      else if (!isAway(fault) || clock.now() - startedAt >= patienceMs) throw fault;
      else await wait(clock, backoff.next(), signal);
    }
  }
}
