import { startLease } from "@clew/streams/lease";

/** Milliseconds, each from the moment at which it is known how an attempt ended. */
export interface FinalizingShares {
  /** Until then its agent may store what it recorded. */
  readonly storeMs: number;
  /** Until then its sandbox is ended, and what that left is taken in. */
  readonly takeMs: number;
  /** Until then its logs are kept, and what it exchanged with whom. */
  readonly keepMs: number;
}

/** Milliseconds that the release of a sandbox may take, once all was taken in and kept. */
export const releaseMs = 20_000;

/** What is left of the minute that FINALIZING may take, without the release. */
export const usualShares: FinalizingShares = { storeMs: 30_000, takeMs: 36_000, keepMs: 40_000 };

/** The time that the end of one attempt may take, shared by all that is to be done in it. It counts only while this process is awake. Dispose it: it ends no more. */
export class FinalizingTime implements Disposable {
  readonly #shares: FinalizingShares;
  readonly #storing = new AbortController();
  readonly #taking = new AbortController();
  readonly #keeping = new AbortController();
  readonly #timers = new DisposableStack();
  #hasBegun = false;

  constructor(shares: FinalizingShares = usualShares) {
    this.#shares = shares;
  }

  /** Aborts when the agent's time is over. */
  get storing(): AbortSignal {
    return this.#storing.signal;
  }

  /** Aborts when what is not taken in by now is lost. */
  get taking(): AbortSignal {
    return this.#taking.signal;
  }

  /** Aborts when what is not kept by now is lost. */
  get keeping(): AbortSignal {
    return this.#keeping.signal;
  }

  /** Begins it, unless it has begun. */
  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { storeMs, takeMs, keepMs } = this.#shares;
    this.#timers.use(startLease({ ttlMs: storeMs, onExpire: () => this.#storing.abort() }));
    this.#timers.use(startLease({ ttlMs: takeMs, onExpire: () => this.#taking.abort() }));
    this.#timers.use(startLease({ ttlMs: keepMs, onExpire: () => this.#keeping.abort() }));
  }

  [Symbol.dispose](): void {
    this.#timers.dispose();
  }
}
