import { Fault } from "@clew/fault/fault";
import { createBackoff } from "@clew/streams/backoff";
import { linkSignals } from "@clew/streams/linked-signal";
import { type Clock, wait } from "./clock.ts";
import { isAway } from "./is-away.ts";
import type { HubLimits } from "./limits.ts";
import type { Place } from "./place.ts";
import type { RunEnd } from "./run-end.ts";
import type { RunSource, SourceFrame } from "./run-source.ts";

/** Which run's tail is followed, and how. */
export interface TailOptions {
  readonly runId: string;
  readonly source: RunSource;
  readonly clock: Clock;
  readonly limits: HubLimits;
  readonly signal: AbortSignal;
  /** Told of each time the stream is opened again. */
  readonly onReopen: () => void;
}

/** Who is told what a run's stream says. */
export interface TailListener {
  /** A stream was opened: this is where the run stands now. */
  begin(place: Place): void;
  /** Events follow a place. Answers the place after them, or nothing where they do not follow it. */
  take(place: Place, events: readonly Uint8Array[]): Place | undefined;
  /** The run is over. */
  end(end: RunEnd): void;
}

/**
 * Follows a run from now on, through losses of the orchestrator, to its end. What happened before, or between two streams, is not its
 * business: whoever needs it reads it.
 *
 * @throws Fault where the run cannot be followed, or was away for too long; the signal's reason when it aborts.
 */
export async function followTail(options: TailOptions, listener: TailListener): Promise<void> {
  const { clock, limits, signal, onReopen } = options;
  const backoff = createBackoff({ initialMs: 100, maxMs: 2_000, random: clock.random });
  let lostAt: number | undefined = clock.now();
  for (;;) {
    let afterMs = 0;
    let fault: Fault | undefined;
    let place: Place | undefined;
    try {
      for await (const { resumeToken, frame } of heard(options)) {
        lostAt = undefined;
        if (frame.case === "end") {
          return listener.end({ place: { sequence: frame.value.lastSequence, token: resumeToken }, said: frame.value });
        }
        if (frame.case === "hello") {
          place = { sequence: frame.value.tail, token: resumeToken };
          listener.begin(place);
        }
        if (frame.case === "events" && place !== undefined) place = listener.take(place, frame.value.events);
        if (frame.case === "reconnect") afterMs = frame.value.afterMs;
        if (place === undefined || frame.case === "reconnect") break;
        backoff.reset();
      }
    } catch (error) {
      signal.throwIfAborted();
      fault = Fault.from(error);
      if (!isAway(fault)) throw fault;
    }
    lostAt ??= clock.now();
    if (clock.now() - lostAt >= limits.reopenMs) throw fault ?? new Fault("ORCHESTRATOR_UNAVAILABLE");
    await wait(clock, Math.max(afterMs, backoff.next()), signal);
    onReopen();
  }
}

/** Opens the stream, and gives it up when it was silent for too long: a connection can be dead and not know it. */
async function* heard({ runId, source, clock, limits, signal }: TailOptions): AsyncGenerator<SourceFrame, void, undefined> {
  using link = linkSignals(signal);
  using silence = clock.startTimer(limits.silenceMs, () => link.abort(new Fault("ORCHESTRATOR_UNAVAILABLE")));
  for await (const frame of source.streamRunEvents({ runId, resumeToken: "now" }, link.signal)) {
    silence.restart();
    yield frame;
  }
}
