import { Fault } from "@clew/fault/fault";
import { type PatienceOptions, withPatience } from "./patience.ts";
import type { Position } from "./position.ts";

/** What the orchestrator says of a reader and the position it gave. */
export interface Verdict {
  readonly position: Position;
  /** The sequence of the last event there is. */
  readonly tail: number;
  /** Whether the run is over and the reader has all of it. */
  readonly hasAll: boolean;
  /** The types of events the reader may have; all when absent. */
  readonly types?: ReadonlySet<string> | undefined;
  /** Which key let the reader in, as the orchestrator calls it; absent where none was needed. */
  readonly keyId?: string | undefined;
}

/** Asks the orchestrator, as the reader it is about, whether a token may be read on from. */
export type Judge = (token: string, signal: AbortSignal) => Promise<Verdict>;

/** A verdict, and whether it is about another position than the one that was given. */
export interface Judgement extends Verdict {
  /** Why the position that was given cannot be read on from. */
  readonly lost?: Fault | undefined;
}

/** More than this in a row means that a position is refused as soon as it is given. */
const maxLost = 3;

/**
 * Has a reader's token judged. One of a history that is gone is answered with the earliest position there is instead.
 *
 * @throws Fault where the reader may not read the run, the token is none, or the orchestrator is away for longer than `patienceMs`.
 */
export async function judgeToken(judge: Judge, token: string, options: PatienceOptions): Promise<Judgement> {
  const lost: Fault[] = [];
  for (;;) {
    try {
      const verdict = await withPatience(() => judge(lost.at(-1)?.details["earliest"] ?? token, options.signal), options);
      return { ...verdict, lost: lost.at(0) };
    } catch (error) {
      const fault = Fault.from(error);
      if (fault.code !== "OUT_OF_RANGE" || fault.details["earliest"] === undefined || lost.length === maxLost) throw fault;
      lost.push(fault);
    }
  }
}
