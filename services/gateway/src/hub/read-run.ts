import { Fault } from "@clew/fault/fault";
import { linkSignals } from "@clew/streams/linked-signal";
import type { Bell } from "./bell.ts";
import type { Block } from "./block.ts";
import type { Clock } from "./clock.ts";
import type { Found } from "./feed.ts";
import type { Sink } from "./frame.ts";
import type { Hub } from "./hub.ts";
import { type Judge, type Judgement, judgeToken } from "./judge.ts";
import type { KeyWatch } from "./key-watch.ts";
import type { HubLimits } from "./limits.ts";
import type { Position } from "./position.ts";
import { showEnd } from "./run-end.ts";

/** A reader of one run. */
export interface Reader {
  readonly runId: string;
  /** What the orchestrator said of it. */
  readonly start: Judgement;
  /** Only events of these types; all when absent. */
  readonly types: ReadonlySet<string> | undefined;
  /** Whether its sink takes the events themselves, not their bytes. */
  readonly decoded: boolean;
  readonly sink: Sink;
  /** Wakes it; whoever gives its sink room rings it too. */
  readonly bell: Bell;
  /** Judges its position again, if what is kept here turns out to be of another history. */
  readonly judge: Judge;
  /** Ends it, with the reason as what it throws. */
  readonly signal: AbortSignal;
}

/** What a reader reads from. */
export interface ReadOptions {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly limits: HubLimits;
  /** Ends the reader when its key does; without it a key's end ends nothing. */
  readonly keys?: KeyWatch | undefined;
}

/** More than this without one event between them means that two histories are told at once. */
const maxJudgements = 3;

/**
 * Reads a run into a sink: reads after the position; at the tail waits until it moved; reads again. The same for a run that is under way and
 * for one that ended long ago. Says where it stands whenever it was silent for `beatMs`. Resolves after `end`.
 *
 * @throws Fault where it cannot go on; the signal's reason when it aborts.
 */
export async function readRun(reader: Reader, { hub, clock, limits, keys }: ReadOptions): Promise<void> {
  const { runId, types, decoded, sink, bell } = reader;
  using link = linkSignals(reader.signal);
  const { signal } = link;
  using _watched = keys?.enter({ keyId: reader.start.keyId, judge: reader.judge, end: link.abort });
  let position = reader.start.position;
  let isSilent = false;
  let judgements = 0;
  signal.addEventListener("abort", bell.ring);
  using beat = clock.startTimer(limits.beatMs, () => {
    isSilent = true;
    bell.ring();
  });
  const begin = ({ position: at, lost, tail }: Judgement) => {
    position = at;
    if (lost !== undefined) sink.put({ kind: "reset", position, fault: lost });
    feed.moveTo(tail);
  };
  const pause = async () => {
    if (isSilent && sink.hasRoom) {
      sink.put({ kind: "checkpoint", position });
      said();
    }
    await bell.wait();
    signal.throwIfAborted();
  };
  const said = () => {
    isSilent = false;
    beat.restart();
  };
  const putEvents = (from: Block): Position => {
    for (const stretch of from.stretches(position.sequence, types)) {
      const sequence = sink.putEvents({ block: from, ...stretch });
      said();
      if (sequence < stretch.to) return { sequence, token: from.tokenAt(sequence) };
    }
    return from.end;
  };
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false;
    promise
      .catch(() => {})
      .finally(() => {
        isSettled = true;
        bell.ring();
      });
    while (!isSettled) await pause();
    return promise;
  };
  /** Puts what there is and there is room for; answers what is to be waited for. Apart, so that who waits keeps no block that the cache lets go of. */
  const putAll = (): Exclude<Found, { readonly kind: "events" }> | { readonly kind: "full" } => {
    let block: Block | undefined;
    while (sink.hasRoom) {
      if (feed.lineage !== lineage) return { kind: "strange" };
      const found = feed.read(position, block, decoded);
      if (found.kind !== "events") return found;
      block = found.block;
      position = putEvents(block);
      judgements = 0;
    }
    return { kind: "full" };
  };
  using following = hub.follow(runId, reader.start.tail, bell);
  const { feed } = following;
  let { lineage } = feed;
  try {
    signal.throwIfAborted();
    begin(reader.start);
    sink.put({ kind: "hello", position, tail: Math.max(feed.tail, reader.start.tail) });
    for (;;) {
      const found = putAll();
      switch (found.kind) {
        case "full":
        case "tail":
          await pause();
          break;
        case "loading":
          await settled(found.loaded);
          break;
        case "end":
          return sink.put({ kind: "end", end: showEnd(found.end, reader.start.types) });
        case "strange": {
          judgements += 1;
          if (judgements > maxJudgements) throw new Fault("ORCHESTRATOR_UNAVAILABLE");
          if (feed.lineage === lineage) feed.forget();
          ({ lineage } = feed);
          begin(await settled(judgeToken(reader.judge, position.token, { clock, patienceMs: limits.reopenMs, signal })));
          break;
        }
      }
    }
  } finally {
    signal.removeEventListener("abort", bell.ring);
  }
}
