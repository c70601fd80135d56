/** How long to wait between tries. */
export interface BackoffOptions {
  /** The longest first wait, in milliseconds. */
  readonly initialMs: number;
  /** The longest wait at all, in milliseconds. */
  readonly maxMs: number;
  /** A number in [0, 1); Math.random unless given. */
  readonly random?: () => number;
}

/** Waits that double, each drawn from the upper half of its range, so that many who failed together do not return together. */
export interface Backoff {
  /** The next wait, in milliseconds. */
  next(): number;
  /** Starts again from the first; call it on progress. */
  reset(): void;
}

/** Makes a backoff: the n-th wait lies between half of and the whole of `initialMs · 2ⁿ`, at most `maxMs`. */
export function createBackoff({ initialMs, maxMs, random = Math.random }: BackoffOptions): Backoff {
  let ceilingMs = initialMs;
  return {
    next() {
      const waitMs = ceilingMs * (0.5 + random() / 2);
      ceilingMs = Math.min(maxMs, ceilingMs * 2);
      return Math.min(maxMs, waitMs);
    },
    reset() {
      ceilingMs = initialMs;
    },
  };
}
