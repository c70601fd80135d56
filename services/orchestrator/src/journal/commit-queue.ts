interface Waiting<Item, Result> {
  readonly items: readonly Item[];
  readonly sizeBytes: number;
  readonly resolve: (results: readonly Result[]) => void;
  readonly reject: (reason: unknown) => void;
}

/** A batch stops growing at this size; what is left is the next one. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Group commit: what comes while nothing is under way is flushed at once, what comes during a flush is the next batch, whole and in order.
 * Holds what its callers wait for and nothing else.
 */
export class CommitQueue<Item, Result> {
  readonly #flush: (items: readonly Item[]) => Promise<readonly Result[]>;
  #waiting: Waiting<Item, Result>[] = [];
  #flushing = false;
  #whenIdle: (() => void)[] = [];

  /**
   * `flush` makes items durable and answers one result for each. When it rejects, so do all who wait, those behind the batch too:
   * what they bring was to follow what failed.
   */
  constructor(flush: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#flush = flush;
  }

  /** Adds items that are committed together, all or none; resolves with their results. */
  add(items: readonly Item[], sizeBytes: number): Promise<readonly Result[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, sizeBytes, resolve, reject });
      if (!this.#flushing) this.#start();
    });
  }

  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void> {
    return this.#flushing ? new Promise((resolve) => this.#whenIdle.push(resolve)) : Promise.resolve();
  }

  // A tick later: then all who were woken by the last flush, or came with the same turn of the event loop, are in the batch.
  #start(): void {
    this.#flushing = true;
    process.nextTick(() => void this.#run());
  }

  async #run(): Promise<void> {
    const batch = this.#takeBatch();
    try {
      const [only] = batch;
      const results = await this.#flush(only !== undefined && batch.length === 1 ? only.items : batch.flatMap(({ items }) => items));
      let from = 0;
      for (const { items, resolve } of batch) {
        resolve(batch.length === 1 ? results : results.slice(from, from + items.length));
        from += items.length;
      }
    } catch (error) {
      const behind = this.#waiting;
      this.#waiting = [];
      for (const { reject } of [...batch, ...behind]) reject(error);
    }
    if (this.#waiting.length > 0) return this.#start();
    this.#flushing = false;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  #takeBatch(): readonly Waiting<Item, Result>[] {
    let bytes = 0;
    const end = this.#waiting.findIndex(({ sizeBytes }, index) => {
      bytes += sizeBytes;
      return index > 0 && bytes > MAX_BATCH_BYTES;
    });
    if (end !== -1) return this.#waiting.splice(0, end);
    const batch = this.#waiting;
    this.#waiting = [];
    return batch;
  }
}
