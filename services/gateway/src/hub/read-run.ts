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

/** What a reader waits for that is not just more events. */
type Waited = Exclude<Found, { readonly kind: "events" | "tail" }>;

/** More than this without one event between them means that two histories are told at once. */
const maxJudgements = 3;

/**
 * Reads a run into a sink: reads after the position; at the tail waits until it moved; reads again. The same for a run that is under way and
 * for one that ended long ago. Says where it stands before it has been silent for `beatMs`. Resolves after `end`.
 *
 * @throws Fault where it cannot go on; the signal's reason when it aborts.
 */
export async function readRun(reader: Reader, { hub, clock, limits, keys }: ReadOptions): Promise<void> {
  const { runId, types, decoded, sink, bell } = reader;
  using link = linkSignals(reader.signal);
  const { signal } = link;
  using _watched = keys?.enter({ keyId: reader.start.keyId, judge: reader.judge, end: link.abort });
  let position = reader.start.position;
  /** How many halves of a beat it has been silent for: a timer that each event sets anew would cost more than what is counted here. */
  let silentHalves = 0;
  let isAborted = false;
  let judgements = 0;
  const onAbort = () => {
    isAborted = true;
    bell.ring();
  };
  signal.addEventListener("abort", onAbort);
  using beat = clock.startTimer(limits.beatMs / 2, () => {
    silentHalves += 1;
    beat.restart();
    if (silentHalves > 1) bell.ring();
  });
  const begin = ({ position: at, lost, tail }: Judgement) => {
    position = at;
    if (lost !== undefined) sink.put({ kind: "reset", position, fault: lost });
    feed.moveTo(tail);
  };
  const breakSilence = (): undefined => {
    if (silentHalves < 2 || !sink.hasRoom) return;
    sink.put({ kind: "checkpoint", position });
    silentHalves = 0;
  };
  const pause = async () => {
    breakSilence();
    await bell.wait();
    signal.throwIfAborted();
  };
  const putEvents = (from: Block): Position => {
    for (const stretch of from.stretches(position.sequence, types)) {
      const sequence = sink.putEvents(stretch);
      silentHalves = 0;
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
  /** Puts what there is and there is room for; answers what is to be done first, if anything is. Apart, so that who waits keeps no block that the cache lets go of. */
  const putAll = (): Waited | undefined => {
    let block: Block | undefined;
    while (sink.hasRoom) {
      if (feed.lineage !== lineage) return { kind: "strange" };
      const found = feed.read(position, block, decoded);
      if (found.kind === "tail") break;
      if (found.kind !== "events") return found;
      block = found.block;
      position = putEvents(block);
      judgements = 0;
    }
    return breakSilence();
  };
  /** The same for what is still to come. It is put within the ring: a promise for each event and reader would cost as much as the rest of it. */
  const putOn = () => {
    if (isAborted) signal.throwIfAborted();
    return putAll();
  };
  using following = hub.follow(runId, reader.start.tail, bell);
  const { feed } = following;
  let { lineage } = feed;
  try {
    signal.throwIfAborted();
    begin(reader.start);
    sink.put({ kind: "hello", position, tail: Math.max(feed.tail, reader.start.tail) });
    for (;;) {
      const found = putAll() ?? (await bell.until(putOn));
      switch (found.kind) {
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
    signal.removeEventListener("abort", onAbort);
  }
}
