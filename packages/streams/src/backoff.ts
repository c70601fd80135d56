/** How long to wait between tries. */
export interface BackoffOptions {
  /** The longest first wait, in milliseconds. */
  readonly initialMs: number;
  /** The longest wait at all, in milliseconds. */
  readonly maxMs: number;
  /** A number in [0, 1); Math.random unless given. */
  readonly random?: () => number;
}

/** Waits whose ceiling doubles, each drawn from nothing up to it (full jitter), so that many who failed together do not return together. */
export interface Backoff {
  /** The next wait, in milliseconds. */
  next(): number;
  /** Starts again from the first wait, or from another where `initialMs` is given; call it on progress. */
  reset(initialMs?: number): void;
}

/** Makes a backoff: the n-th wait, counted from 0, lies between 0 and `initialMs · 2ⁿ`, at most `maxMs`. */
export function createBackoff({ initialMs, maxMs, random = Math.random }: BackoffOptions): Backoff {
  let firstMs = initialMs;
  let ceilingMs = Math.min(maxMs, firstMs);
  return {
    next() {
      const waitMs = ceilingMs * random();
      ceilingMs = Math.min(maxMs, ceilingMs * 2);
      return waitMs;
    },
    reset(otherMs = firstMs) {
      firstMs = otherMs;
      ceilingMs = Math.min(maxMs, firstMs);
    },
  };
}
