/** How a quiet stream shows that it lives. */
export interface HeartbeatOptions<T> {
  /** The longest silence, in milliseconds. */
  readonly intervalMs: number;
  /** Makes the value that breaks it. */
  readonly beat: () => T;
}

/** Passes `source` on, and yields a beat whenever it was silent for the interval. Closes `source` when it is left. */
export async function* withHeartbeat<T>(source: AsyncIterable<T>, { intervalMs, beat }: HeartbeatOptions<T>): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let pending: Promise<IteratorResult<T>> | undefined;
  try {
    for (;;) {
      pending ??= iterator.next();
      const result = await silenceOr(pending, intervalMs);
      if (result === silence) {
        yield beat();
        continue;
      }
      pending = undefined;
      if (result.done) return;
      yield result.value;
    }
  } finally {
    // A source that is waiting cannot be closed until its wait ends: its owner's signal ends it.
    pending?.catch(() => {});
    void iterator.return?.().then(undefined, () => {});
  }
}

const silence = Symbol("silence");

function silenceOr<R>(promise: Promise<R>, ms: number): Promise<R | typeof silence> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(silence), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
