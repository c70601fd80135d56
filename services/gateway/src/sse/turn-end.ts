/** Something that gathers what is written to it. */
export interface Gathering {
  /** Lets all that was gathered go. Never throws. */
  flush(): void;
}

/** So many at most are kept waiting for one another. */
const mostTogether = 64;

/**
 * Flushes what was gathered, that of many readers together: writing to one socket after the other, with nothing done between, takes less of the
 * processor's time than writing to each as soon as there is something for it (docs/benchmarks.md, fan-out).
 */
export class TurnEnd {
  #waiting: Gathering[] = [];
  #isTicking = false;

  /** Flushes it when all that is awaited now has had its turn, or sooner, with the 63 that asked before it. */
  flush(gathering: Gathering): void {
    if (!this.#isTicking) process.nextTick(() => this.#tick());
    this.#isTicking = true;
    if (this.#waiting.push(gathering) >= mostTogether) this.#flushAll();
  }

  #tick(): void {
    this.#isTicking = false;
    this.#flushAll();
  }

  #flushAll(): void {
    const all = this.#waiting;
    this.#waiting = [];
    for (const gathering of all) gathering.flush();
  }
}
