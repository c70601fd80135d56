import type { Buffer } from "node:buffer";
import { Block, blockEvents } from "./block.ts";
import type { BlockCache, Kept } from "./block-cache.ts";
import { type EncodedEvent, tokenAt } from "./encode-events.ts";
import type { Position } from "./position.ts";
import { endCost, type RunEnd } from "./run-end.ts";

/** The most events that are read at once: what a page costs beside its events is worth some blocks of them. */
export const pageEvents = 3 * blockEvents;

/** What is kept of one run: blocks in order, with gaps where nobody read, and its end once it is known. */
export class RunBlocks {
  /** Changes when what was kept turned out to be of another history than the orchestrator's. */
  lineage = 0;
  /** Whether new blocks have their events decoded too. */
  keepsMessages = false;
  readonly #cache: BlockCache;
  /** By their first sequence. */
  readonly #blocks: Block[] = [];
  #end: (Kept & { readonly end: RunEnd }) | undefined;

  constructor(cache: BlockCache) {
    this.#cache = cache;
  }

  /** Whether nothing is kept. */
  get isEmpty(): boolean {
    return this.#blocks.length === 0 && this.#end === undefined;
  }

  /** How the run ended, where that is kept. */
  get end(): RunEnd | undefined {
    if (this.#end !== undefined) this.#cache.use(this.#end);
    return this.#end?.end;
  }

  /** Keeps how the run ended. */
  keepEnd(end: RunEnd): void {
    this.#dropEnd();
    const kept = { end, cost: endCost(end) };
    this.#end = kept;
    this.#cache.use(kept, () => {
      this.#end = undefined;
    });
    this.#cache.weigh(kept);
  }

  #dropEnd(): void {
    if (this.#end !== undefined) this.#cache.release(this.#end);
    this.#end = undefined;
  }

  /** The block that holds this event. */
  holding(sequence: number): Block | undefined {
    const block = this.#blocks[this.#indexBefore(sequence)];
    if (block === undefined || block.last < sequence) return undefined;
    this.#cache.use(block);
    return block;
  }

  /** The first event after a block that no block holds, looking at so many blocks at most. */
  missingAfter(block: Block, blocks: number): number | undefined {
    let { last } = block;
    for (let seen = 0; seen <= blocks; seen++) {
      const next = this.holding(last + 1);
      if (next === undefined) return last + 1;
      last = next.last;
    }
    return undefined;
  }

  /** The token of a position, where a block knows it. */
  tokenAt(sequence: number): string | undefined {
    const block = this.#blocks[this.#indexBefore(sequence)];
    if (block !== undefined && sequence <= block.last) return block.tokenAt(sequence);
    const next = this.#blocks[this.#indexBefore(sequence + 1)];
    return next?.before.sequence === sequence ? next.before.token : undefined;
  }

  /**
   * Finds what to read in order to have an event that no block holds: from the end of the block before it, or from where its 256 begin,
   * so that readers who come from different positions share blocks, and up to the block after it or the length of a page.
   */
  missingAround(sequence: number): { readonly after: number; readonly token: string | undefined; readonly limit: number } {
    const index = this.#indexBefore(sequence);
    const previous = this.#blocks[index];
    const next = this.#blocks[index + 1];
    const begin = sequence - 1 - ((sequence - 1) % blockEvents);
    const after = Math.max(begin, previous?.last ?? 0);
    const limit = Math.min(begin + pageEvents, next?.before.sequence ?? Number.POSITIVE_INFINITY) - after;
    return { after, token: this.tokenAt(after), limit };
  }

  /** Adds the events that follow a position, those that no block holds, from the bytes that all of them were encoded to. */
  append(before: Position, events: readonly EncodedEvent[], from: Buffer): void {
    for (let next = 0; next < events.length; ) {
      const previous = events[next - 1];
      const position = previous === undefined ? before : { sequence: previous.sequence, token: tokenAt(from, previous.start) };
      next += this.#appendSome(position, events.slice(next, next + blockEvents), from);
    }
  }

  /** Adds as many of the events that follow a position as go into one block, or passes over those that one holds; answers how many. */
  #appendSome(before: Position, events: readonly EncodedEvent[], from: Buffer): number {
    const index = this.#indexBefore(before.sequence + 1);
    const previous = this.#blocks[index];
    if (previous !== undefined && previous.last > before.sequence) return previous.last - before.sequence;
    const room = (this.#blocks[index + 1]?.before.sequence ?? Number.POSITIVE_INFINITY) - before.sequence;
    const missing = events.slice(0, room);
    if (previous?.last === before.sequence) {
      const taken = previous.append(missing, from);
      if (taken > 0) this.#cache.weigh(previous);
      if (taken > 0) return taken;
    }
    if (previous?.trim()) this.#cache.weigh(previous);
    const block = new Block(before, this.keepsMessages);
    const taken = block.append(missing, from);
    this.#blocks.splice(index + 1, 0, block);
    this.#cache.use(block, () => this.#drop(block));
    this.#cache.weigh(block);
    return taken;
  }

  /** Gives a block its events decoded. */
  decode(block: Block, wires: readonly Uint8Array[]): void {
    block.decode(wires);
    this.#cache.weigh(block);
  }

  /** Lets go of all: it is of another history. */
  forget(): void {
    this.lineage += 1;
    this.#dropEnd();
    for (const block of this.#blocks.splice(0)) this.#cache.release(block);
  }

  #drop(block: Block): void {
    const index = this.#blocks.indexOf(block);
    if (index >= 0) this.#blocks.splice(index, 1);
  }

  /** The index of the last block that begins before an event; -1 where none does. */
  #indexBefore(sequence: number): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#blocks[middle]?.before.sequence ?? 0) < sequence) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
