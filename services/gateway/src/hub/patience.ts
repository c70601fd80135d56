import { Fault } from "@clew/fault/fault";
import { createBackoff } from "@clew/streams/backoff";
import { type Clock, wait } from "./clock.ts";

/** How long an orchestrator that does not answer is tried again, and by which clock. */
export interface PatienceOptions {
  readonly clock: Clock;
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/** The patience with an orchestrator that is away: waits between tries that grow, for `patienceMs` in all. */
export class Patience {
  readonly #options: PatienceOptions;
  readonly #backoff;
  #awaySince: number | undefined;

  /** Begins when the first try does. */
  constructor(options: PatienceOptions) {
    const { clock } = options;
    this.#options = options;
    this.#backoff = createBackoff({ initialMs: 100, maxMs: 2_000, random: clock.random });
    this.#awaySince = clock.now();
  }

  /** Starts over: it answered. */
  renew(): void {
    this.#awaySince = undefined;
    this.#backoff.reset();
  }

  /**
   * Waits before the next try; where it was said when to come back, for that long and up to as much again, so that many who were told
   * the same do not return together.
   *
   * @throws the Fault where it is none that passes, or patience is at its end; the signal's reason when it aborts.
   */
  async wait(fault: Fault, afterMs = 0): Promise<void> {
    const { clock, patienceMs, signal } = this.#options;
    signal.throwIfAborted();
    this.#awaySince ??= clock.now();
    if (!isAway(fault) || clock.now() - this.#awaySince >= patienceMs) throw fault;
    await wait(clock, Math.max(afterMs * (1 + clock.random()), this.#backoff.next()), signal);
  }
}

/** Tries until it is answered, for as long as patience lasts. @throws as `Patience.wait` does. */
export async function withPatience<T>(attempt: () => Promise<T>, options: PatienceOptions): Promise<T> {
  const patience = new Patience(options);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      await patience.wait(Fault.from(error));
    }
  }
}

/** Whether a fault means that the orchestrator does not answer now, and may later. */
function isAway({ code }: Fault): boolean {
  return code === "UNAVAILABLE" || code === "DEADLINE_EXCEEDED";
}
