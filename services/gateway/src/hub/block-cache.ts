/** What is kept of a run: a block of its events, or how it ended. */
export interface Kept {
  /** Its cost in memory, in bytes. */
  readonly cost: number;
}

/** Keeps blocks and ends of many runs within a bound of bytes; those unused for longest go first. */
export class BlockCache {
  readonly #maxBytes: number;
  /** What each cost when it was last looked at, and whom to tell when it goes; the one used last is last. */
  readonly #held = new Map<Kept, { cost: number; readonly onEvict: () => void }>();
  #bytes = 0;
  #newest: Kept | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What all of them cost together, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Notes that one is used, and takes it in where it is new. */
  use(kept: Kept, onEvict?: () => void): void {
    if (kept === this.#newest) return;
    const entry = this.#held.get(kept) ?? (onEvict && { cost: 0, onEvict });
    if (entry === undefined) return;
    this.#held.delete(kept);
    this.#held.set(kept, entry);
    this.#newest = kept;
  }

  /** Notes that one has grown, and lets others go where that is too much. */
  weigh(kept: Kept): void {
    const entry = this.#held.get(kept);
    if (entry === undefined) return;
    this.#bytes += kept.cost - entry.cost;
    entry.cost = kept.cost;
    for (const [oldest, { onEvict }] of this.#held) {
      if (this.#bytes <= this.#maxBytes || oldest === kept) return;
      this.release(oldest);
      onEvict();
    }
  }

  /** Lets one go. */
  release(kept: Kept): void {
    this.#bytes -= this.#held.get(kept)?.cost ?? 0;
    this.#held.delete(kept);
    if (kept === this.#newest) this.#newest = undefined;
  }
}
