/** What a lease needs to know. */
export interface LeaseOptions {
  /** Milliseconds without a renewal after which it ends. */
  readonly ttlMs: number;
  /** Called once, when it ends. */
  readonly onExpire: () => void;
  /** A monotonic clock in milliseconds; performance.now unless given. */
  readonly now?: () => number;
}

/** A watch over somebody else's signs of life. */
export interface Lease extends Disposable {
  /** Notes a sign of life. */
  renew(): void;
}

/** A timer this late means that this process slept: the other's silence is then not the other's fault. */
const sleptMs = 5_000;

/**
 * Starts a lease that counts only time in which this process was awake.
 *
 * A tick that comes 5 s late starts the lease afresh, so that a suspended machine or a stopped process accuses nobody.
 */
export function startLease({ ttlMs, onExpire, now = () => performance.now() }: LeaseOptions): Lease {
  const tickMs = Math.min(1_000, ttlMs / 4);
  let renewedAt = now();
  let tickedAt = renewedAt;
  const timer = setInterval(() => {
    const at = now();
    if (at - tickedAt > tickMs + sleptMs) renewedAt = at;
    tickedAt = at;
    if (at - renewedAt < ttlMs) return;
    clearInterval(timer);
    onExpire();
  }, tickMs);
  return {
    renew() {
      renewedAt = now();
    },
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}
