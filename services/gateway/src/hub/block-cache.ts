import type { Block } from "./block.ts";

/** Keeps blocks of many runs within a bound of bytes; those unused for longest go first. */
export class BlockCache {
  readonly #maxBytes: number;
  /** What each block cost when it was last looked at, and whom to tell when it goes; the one used last is last. */
  readonly #held = new Map<Block, { cost: number; readonly onEvict: () => void }>();
  #bytes = 0;
  #newest: Block | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What all blocks cost together, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Notes that a block is used, and takes it in where it is new. */
  use(block: Block, onEvict?: () => void): void {
    if (block === this.#newest) return;
    const entry = this.#held.get(block) ?? (onEvict && { cost: 0, onEvict });
    if (entry === undefined) return;
    this.#held.delete(block);
    this.#held.set(block, entry);
    this.#newest = block;
  }

  /** Notes that a block has grown, and lets others go where that is too much. */
  weigh(block: Block): void {
    const entry = this.#held.get(block);
    if (entry === undefined) return;
    this.#bytes += block.cost - entry.cost;
    entry.cost = block.cost;
    for (const [oldest, { onEvict }] of this.#held) {
      if (this.#bytes <= this.#maxBytes || oldest === block) return;
      this.release(oldest);
      onEvict();
    }
  }

  /** Lets a block go. */
  release(block: Block): void {
    this.#bytes -= this.#held.get(block)?.cost ?? 0;
    this.#held.delete(block);
    if (block === this.#newest) this.#newest = undefined;
  }
}
