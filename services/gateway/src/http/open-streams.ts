import { Fault } from "@clew/fault/fault";
import type { LinkedSignal } from "@clew/streams/linked-signal";
import type { Clock } from "../hub/clock.ts";

/** How many streams may be open, and for how long. */
export interface StreamLimits {
  /** Streams at all doors together. */
  readonly maxReaders: number;
  /** Milliseconds after which a stream is asked to come back; each has up to a fifth more or less. */
  readonly maxAgeMs: number;
  /** Milliseconds over which a shutdown sends the readers away. */
  readonly drainMs: number;
}

/** The limits of streams unless a gateway is told otherwise. */
export const defaultStreamLimits: StreamLimits = { maxReaders: 10_000, maxAgeMs: 3_600_000, drainMs: 1_500 };

/** Who is told how many streams are open. */
export interface StreamGauge {
  inc(labels: { readonly door: string }): void;
  dec(labels: { readonly door: string }): void;
}

/** The streams that are open at any door: how many may be, how old they grow, and that they end one after the other. */
export class OpenStreams {
  readonly #limits: StreamLimits;
  readonly #clock: Clock;
  readonly #gauge: StreamGauge;
  readonly #open = new Set<LinkedSignal>();
  #isDraining = false;

  constructor(limits: StreamLimits, clock: Clock, gauge: StreamGauge) {
    this.#limits = limits;
    this.#clock = clock;
    this.#gauge = gauge;
  }

  /**
   * Takes a stream in, which is aborted when it is to end. It counts until its signal aborts, or what is answered is disposed.
   *
   * @throws Fault READERS_FULL where there are too many, and SHUTTING_DOWN during a shutdown.
   */
  enter(stream: LinkedSignal, door: string): Disposable {
    if (this.#isDraining) throw new Fault("SHUTTING_DOWN", { retryAfterMs: comeBackMs(this.#clock) });
    if (this.#open.size >= this.#limits.maxReaders) throw new Fault("READERS_FULL", { retryAfterMs: 2 * comeBackMs(this.#clock) });
    const ageMs = this.#limits.maxAgeMs * (0.8 + 0.4 * this.#clock.random());
    const age = this.#clock.startTimer(ageMs, () => stream.abort(new Fault("STREAM_AGED")));
    const leave = () => {
      age[Symbol.dispose]();
      stream.signal.removeEventListener("abort", leave);
      if (this.#open.delete(stream)) this.#gauge.dec({ door });
    };
    stream.signal.addEventListener("abort", leave);
    this.#open.add(stream);
    this.#gauge.inc({ door });
    return { [Symbol.dispose]: leave };
  }

  /** Sends every reader away, spread over `drainMs`, and takes no more in. */
  drain(): void {
    this.#isDraining = true;
    for (const stream of this.#open) {
      this.#clock.startTimer(this.#limits.drainMs * this.#clock.random(), () => stream.abort(new Fault("SHUTTING_DOWN")));
    }
  }
}

/** Whether a stream's end was planned: its reader is asked to come back. */
export function isPlannedEnd(fault: Fault): boolean {
  return fault.reason === "STREAM_AGED" || fault.reason === "SHUTTING_DOWN";
}

/** How long a reader who is sent away should wait: 2 to 5 s, so that many do not return together. */
export function comeBackMs({ random }: Pick<Clock, "random">): number {
  return Math.round(2_000 + random() * 3_000);
}
