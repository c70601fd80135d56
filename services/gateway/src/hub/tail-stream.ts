import { Fault } from "@clew/fault/fault";
import { linkSignals } from "@clew/streams/linked-signal";
import type { Clock } from "./clock.ts";
import type { HubLimits } from "./limits.ts";
import { Patience } from "./patience.ts";
import type { Position } from "./position.ts";
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
  /** A stream was opened: it goes on from a position, and there are events up to a sequence. */
  begin(position: Position, tail: number): void;
  /** Events follow a position. Answers the position after them, or nothing where they do not follow it. */
  take(position: Position, events: readonly Uint8Array[]): Position | undefined;
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
  const patience = new Patience({ clock, patienceMs: limits.reopenMs, signal });
  for (;;) {
    let afterMs = 0;
    let fault = new Fault("ORCHESTRATOR_UNAVAILABLE");
    let position: Position | undefined;
    try {
      for await (const { resumeToken, frame } of heard(options)) {
        patience.renew();
        if (frame.case === "end") {
          return listener.end({ position: { sequence: frame.value.lastSequence, token: resumeToken }, said: frame.value });
        }
        if (frame.case === "hello") {
          position = { sequence: frame.value.sequence, token: resumeToken };
          listener.begin(position, frame.value.tail);
        }
        if (frame.case === "events" && position !== undefined) position = listener.take(position, frame.value.events);
        if (frame.case === "reconnect") afterMs = frame.value.afterMs;
        if (position === undefined || frame.case === "reconnect") break;
      }
    } catch (error) {
      fault = Fault.from(error);
    }
    await patience.wait(fault, afterMs);
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
