/** A timer that is set once and may be set again. Disposing it stops it. */
export interface Timer extends Disposable {
  /** Starts the whole time over. */
  restart(): void;
}

/** Time and chance, as the hub knows them. */
export interface Clock {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Calls `ring` once, after `ms` milliseconds. */
  startTimer(ms: number, ring: () => void): Timer;
  /** Calls `act` when all that came in with this turn of the event loop has been looked at. */
  afterTurn(act: () => void): void;
  /** A number in [0, 1). */
  random(): number;
}

/** Waits `ms` milliseconds by a clock; rejects with the signal's reason as soon as it aborts. */
export function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const settle = (then: () => void) => {
      timer[Symbol.dispose]();
      signal.removeEventListener("abort", onAbort);
      then();
    };
    const onAbort = () => settle(() => reject(signal.reason));
    const timer = clock.startTimer(ms, () => settle(resolve));
    signal.addEventListener("abort", onAbort);
  });
}
