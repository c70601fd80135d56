interface Waiter {
  readonly above: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * A number that only grows, and those who wait for it to pass a position.
 *
 * Wake-ups carry no data: whoever wakes reads what there is. So none can be missed and none is queued.
 */
export class Tail {
  #value: number;
  #closed: { readonly reason: unknown } | undefined;
  readonly #waiters = new Set<Waiter>();

  constructor(value = 0) {
    this.#value = value;
  }

  /** The position. */
  get value(): number {
    return this.#value;
  }

  /** How many wait; back to 0 when nobody is left. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Moves the position forward and wakes those it passed. Moving it back does nothing. */
  moveTo(value: number): void {
    if (value <= this.#value) return;
    this.#value = value;
    for (const waiter of [...this.#waiters]) {
      if (value > waiter.above) {
        this.#waiters.delete(waiter);
        waiter.resolve();
      }
    }
  }

  /** Rejects all who wait and all who will, with `reason`. */
  close(reason: unknown): void {
    this.#closed ??= { reason };
    for (const waiter of [...this.#waiters]) {
      this.#waiters.delete(waiter);
      waiter.reject(reason);
    }
  }

  /** Resolves once the position is above `above`; rejects when the signal aborts or the tail is closed. */
  waitAbove(above: number, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.#value > above) return Promise.resolve();
    if (this.#closed !== undefined) return Promise.reject(this.#closed.reason);
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiters.delete(waiter);
        reject(signal?.reason);
      };
      const settle =
        <A extends unknown[]>(then: (...values: A) => void) =>
        (...values: A) => {
          signal?.removeEventListener("abort", onAbort);
          then(...values);
        };
      const waiter: Waiter = { above, resolve: settle(resolve), reject: settle(reject) };
      this.#waiters.add(waiter);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}
