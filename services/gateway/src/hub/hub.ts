import type { Bell } from "./bell.ts";
import { BlockCache } from "./block-cache.ts";
import type { Clock } from "./clock.ts";
import { EventEncoder } from "./encode-events.ts";
import { Feed } from "./feed.ts";
import type { HubLimits } from "./limits.ts";
import { RunBlocks } from "./run-blocks.ts";
import type { RunSource } from "./run-source.ts";
import type { HubWatch } from "./watch.ts";

/** What a hub stands on. */
export interface HubOptions {
  readonly source: RunSource;
  readonly clock: Clock;
  readonly limits: HubLimits;
  readonly watch: HubWatch;
}

/** A reader's hold on a run. Disposing it lets the run go. */
export interface Following extends Disposable {
  readonly feed: Feed;
}

/**
 * The journals of all runs that are read here, again: read after a position, and wait until the tail moved, over blocks that are fetched and
 * encoded once for all readers. Of each run that somebody reads one stream is open, which moves its tail and brings its newest events.
 */
export class Hub implements Disposable {
  readonly #options: HubOptions;
  readonly #cache: BlockCache;
  readonly #encoder = new EventEncoder();
  readonly #runs = new Map<string, { readonly blocks: RunBlocks; feed?: Feed | undefined }>();

  constructor(options: HubOptions) {
    this.#options = options;
    this.#cache = new BlockCache(options.limits.cacheBytes);
  }

  /** What is kept of all runs, in bytes. */
  get cachedBytes(): number {
    return this.#cache.bytes;
  }

  /** How many runs are followed now. */
  get followed(): number {
    let followed = 0;
    for (const { feed } of this.#runs.values()) if (feed !== undefined) followed += 1;
    return followed;
  }

  /** Follows a run, whose tail is known to be at least here, for a reader whose bell rings when it moves. */
  follow(runId: string, tail: number, bell: Bell): Following {
    const run = this.#runs.get(runId) ?? { blocks: new RunBlocks(this.#cache) };
    this.#runs.set(runId, run);
    if (run.feed === undefined || run.feed.fault !== undefined)
      run.feed = new Feed({ ...this.#options, runId, blocks: run.blocks, encoder: this.#encoder });
    const { feed } = run;
    feed.join(bell);
    feed.moveTo(tail);
    return {
      feed,
      [Symbol.dispose]: () => {
        feed.leave(bell);
        if (feed.readers > 0) return;
        feed.close();
        if (run.feed !== feed) return;
        run.feed = undefined;
        run.blocks.keepsMessages = false;
        this.#sweep();
      },
    };
  }

  /** Ends every stream. */
  [Symbol.dispose](): void {
    for (const { feed } of this.#runs.values()) feed?.close();
  }

  /** Forgets runs of which nothing is kept and that nobody reads. */
  #sweep(): void {
    for (const [runId, { blocks, feed }] of this.#runs) if (feed === undefined && blocks.isEmpty) this.#runs.delete(runId);
  }
}
