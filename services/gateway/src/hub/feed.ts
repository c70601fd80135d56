import { Fault } from "@clew/fault/fault";
import type { Bell } from "./bell.ts";
import type { Block } from "./block.ts";
import type { Clock } from "./clock.ts";
import { type EventEncoder, tokenAt } from "./encode-events.ts";
import type { HubLimits } from "./limits.ts";
import { withPatience } from "./patience.ts";
import type { Position } from "./position.ts";
import { pageEvents, type RunBlocks } from "./run-blocks.ts";
import type { RunEnd } from "./run-end.ts";
import type { EventPage, RunSource } from "./run-source.ts";
import { followTail } from "./tail-stream.ts";
import type { HubWatch } from "./watch.ts";

/** How many blocks beyond the one that is read are there before it ends. */
const readAhead = 3;

/** What there is for a reader after its position. */
export type Found =
  | { readonly kind: "events"; readonly block: Block }
  /** Nothing yet: its bell rings when there is. */
  | { readonly kind: "tail" }
  /** It is being fetched. Rejects with the Fault where it cannot be had. */
  | { readonly kind: "loading"; readonly loaded: Promise<void> }
  | { readonly kind: "end"; readonly end: RunEnd }
  /** What is kept here is not the history of this reader: the orchestrator must judge its position again. */
  | { readonly kind: "strange" };

/** What a feed stands on. */
export interface FeedOptions {
  readonly runId: string;
  readonly source: RunSource;
  readonly blocks: RunBlocks;
  readonly clock: Clock;
  readonly limits: HubLimits;
  readonly watch: HubWatch;
  readonly encoder: EventEncoder;
}

/** A run that somebody reads: its tail moves, and what is missing of it is fetched, once for all who read it. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #closing = new AbortController();
  readonly #bells = new Set<Bell>();
  readonly #loads = new Map<string, Promise<void>>();
  #tail = 0;
  /** Its own, however soon the cache lets go of it: its readers are still to be told. */
  #end: RunEnd | undefined;
  #isMoved = false;
  #fault: Fault | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#end = options.blocks.end;
    if (this.#end === undefined) void this.#follow();
    else this.#tail = this.#end.position.sequence;
  }

  /** The sequence of the last event there is, as far as is known. */
  get tail(): number {
    return this.#tail;
  }

  /** Why it moves no more: no reader should begin with it. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** How many read it. */
  get readers(): number {
    return this.#bells.size;
  }

  /** Changes when what was read so far is not the orchestrator's history any more. */
  get lineage(): number {
    return this.#options.blocks.lineage;
  }

  /** Takes a reader in, whose bell rings when the tail moves. */
  join(bell: Bell): void {
    this.#bells.add(bell);
  }

  /** Lets a reader go. */
  leave(bell: Bell): void {
    this.#bells.delete(bell);
  }

  /** Ends the run's stream and what is being fetched. */
  close(): void {
    this.#closing.abort(new Fault("CANCELLED"));
  }

  /** Notes that there are events up to here. */
  moveTo(sequence: number): void {
    if (sequence <= this.#tail) return;
    this.#tail = sequence;
    this.#ring();
  }

  /** Lets go of all that is kept of the run. */
  forget(): void {
    const { blocks } = this.#options;
    const wasOver = this.#end !== undefined;
    blocks.forget();
    this.#end = undefined;
    this.#tail = 0;
    // Its stream has ended with an end that holds no more, as where a damaged journal was mended.
    if (wasOver) void this.#follow();
    this.#ring();
  }

  /**
   * Finds what comes after a position, without waiting. `from` is the block the reader's position was taken from, `decoded` whether it needs
   * the events themselves. Throws the Fault that ended the feed.
   */
  read(position: Position, from: Block | undefined, decoded: boolean): Found {
    if (this.#fault !== undefined) throw this.#fault;
    const { blocks } = this.#options;
    const block = blocks.holding(position.sequence + 1);
    if (block !== undefined) {
      if (block !== from && block.tokenAt(position.sequence) !== position.token) return { kind: "strange" };
      if (decoded && !block.hasMessages) return { kind: "loading", loaded: this.#loadMessages(block) };
      this.#loadAfter(block);
      return { kind: "events", block };
    }
    if (position.sequence < this.#tail) return { kind: "loading", loaded: this.#load(position.sequence + 1) };
    const end = this.#end;
    if (end === undefined || position.sequence < end.position.sequence) return { kind: "tail" };
    return end.position.token === position.token ? { kind: "end", end } : { kind: "strange" };
  }

  /** Fetches what a reader of a block will want next: a page that it is about to reach, and the one after it, which is read while that is encoded. */
  #loadAfter(block: Block): void {
    const missing = this.#options.blocks.missingAfter(block, readAhead);
    if (missing === undefined) return;
    for (const sequence of [missing, missing + pageEvents]) if (sequence <= this.#tail) this.#load(sequence).catch(() => {});
  }

  /** Fetches the block that should hold an event, once however many ask for it. */
  #load(sequence: number): Promise<void> {
    const { blocks } = this.#options;
    const { after, token, limit } = blocks.missingAround(sequence);
    return this.#once(`${after}`, async () => {
      const { lineage } = blocks;
      const page = await this.#readEvents(token ?? String(after), limit);
      if (page === undefined || blocks.lineage !== lineage) return;
      if (page.sequence !== after || (token !== undefined && token !== page.resumeToken) || page.tail < sequence) return this.forget();
      this.#take({ sequence: after, token: page.resumeToken }, page.events);
      this.moveTo(page.tail);
    });
  }

  /** Fetches a block's events again, for readers who need them decoded. */
  #loadMessages(block: Block): Promise<void> {
    const { blocks } = this.#options;
    const { sequence, token } = block.before;
    blocks.keepsMessages = true;
    return this.#once(`messages ${sequence}`, async () => {
      const wires: Uint8Array[] = [];
      let after = token;
      while (wires.length < block.count) {
        const page = await this.#readEvents(after, block.count - wires.length);
        if (page === undefined || page.events.length === 0) return;
        wires.push(...page.events);
        after = block.tokenAt(sequence + wires.length);
      }
      blocks.decode(block, wires);
    });
  }

  #once(key: string, load: () => Promise<void>): Promise<void> {
    const running = this.#loads.get(key);
    if (running !== undefined) return running;
    const loading = load().finally(() => this.#loads.delete(key));
    this.#loads.set(key, loading);
    return loading;
  }

  /** Reads a page, for as long as the orchestrator may be away; nothing where it says that there is no such position. */
  async #readEvents(after: string, limit: number): Promise<EventPage | undefined> {
    const { source, runId, clock, limits } = this.#options;
    const { signal } = this.#closing;
    try {
      return await withPatience(() => source.readEvents({ runId, after, limit }, signal), { clock, patienceMs: limits.reopenMs, signal });
    } catch (error) {
      signal.throwIfAborted();
      const fault = Fault.from(error);
      if (fault.code !== "OUT_OF_RANGE") throw fault;
      return void this.forget();
    }
  }

  /** Takes the events that follow a position, up to the first that does not; answers the position after them, or nothing where one was missing. */
  #take(position: Position, wires: readonly Uint8Array[]): Position | undefined {
    const { blocks, encoder, watch } = this.#options;
    const { events, bytes } = encoder.encode(wires);
    const missing = events.findIndex(({ sequence }, index) => sequence !== position.sequence + 1 + index);
    blocks.append(position, missing < 0 ? events : events.slice(0, missing), bytes);
    if (missing >= 0) {
      watch.gap();
      return undefined;
    }
    const last = events.at(-1);
    if (last === undefined) return position;
    this.moveTo(last.sequence);
    return { sequence: last.sequence, token: tokenAt(bytes, last.start) };
  }

  async #follow(): Promise<void> {
    const { runId, source, clock, limits, watch, blocks } = this.#options;
    const { signal } = this.#closing;
    try {
      await followTail(
        { runId, source, clock, limits, signal, onReopen: watch.reopened },
        {
          begin: (position, tail) => {
            const token = blocks.tokenAt(position.sequence);
            if (tail < this.#tail || (token !== undefined && token !== position.token)) this.forget();
            this.moveTo(tail);
          },
          take: (position, wires) => this.#take(position, wires),
          end: (end) => {
            this.#end = end;
            blocks.keepEnd(end);
            this.moveTo(end.position.sequence);
            this.#ring();
          },
        },
      );
    } catch (error) {
      if (signal.aborted) return;
      this.#fault = Fault.from(error);
      watch.failed(this.#fault);
      if (this.#fault.code === "NOT_FOUND") blocks.forget();
      this.#ring();
    }
  }

  /** Wakes the readers, once for all that came in one turn. */
  #ring(): void {
    if (this.#isMoved) return;
    this.#isMoved = true;
    this.#options.clock.afterTurn(() => {
      this.#isMoved = false;
      for (const bell of this.#bells) bell.ring();
    });
  }
}
