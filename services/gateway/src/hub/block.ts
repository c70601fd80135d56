import { Buffer } from "node:buffer";
import { fromBinary } from "@bufbuild/protobuf";
import { type RunEvent, RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { type EncodedEvent, tokenAt } from "./encode-events.ts";
import type { Events } from "./frame.ts";
import type { Position } from "./position.ts";

/** The most events of a block. */
export const blockEvents = 256;
/** The most bytes of a block of more than one event: what may wait for one reader, with what a socket takes by itself, is 256 KiB. */
export const blockBytes = 192 * 1024;

/** Roughly what a block costs beside its bytes, for itself and for each event. */
const ownCost = 512;
const eventCost = 32;
/** Roughly what a decoded event costs for each byte it has as server-sent event, measured. */
const messageCost = 3;

/** Consecutive events of one run, encoded once for all readers. It only grows. */
export class Block {
  /** The position before its first event. */
  readonly before: Position;
  #bytes = Buffer.alloc(0);
  #used = 0;
  /** Where each event ends in the bytes. */
  readonly #ends: number[] = [];
  readonly #types: string[] = [];
  #messages: RunEvent[] | undefined;
  /** The tokens that were asked for last, by their sequences: many readers at the tail ask for the same two. */
  #tokens: readonly [Position | undefined, Position | undefined] = [undefined, undefined];
  /** What was handed out last: many readers at the tail take the same. */
  #handedOut: { readonly from: number; readonly to: number; readonly bytes: Buffer } | undefined;

  /** Begins after a position, with its events decoded too where `keepsMessages`. */
  constructor(before: Position, keepsMessages: boolean) {
    this.before = before;
    this.#messages = keepsMessages ? [] : undefined;
  }

  /** How many events it holds. */
  get count(): number {
    return this.#ends.length;
  }

  /** The position after its last event. */
  get end(): Position {
    return this.#positionAt(this.last);
  }

  /** The sequence of its last event. */
  get last(): number {
    return this.before.sequence + this.#ends.length;
  }

  /** Its cost in memory, in bytes. */
  get cost(): number {
    const messages = this.#messages === undefined ? 0 : messageCost * this.#used;
    return ownCost + this.#bytes.byteLength + eventCost * this.#ends.length + messages;
  }

  /** Adds as many of the next events as there is room for, from the bytes they were encoded to; answers how many. One always has room in an empty block. */
  append(events: readonly EncodedEvent[], from: Buffer): number {
    const start = events[0]?.start ?? 0;
    const shift = this.#used - start;
    let taken = 0;
    for (const { type, end, wire } of events) {
      if (this.#ends.length > 0 && (this.#ends.length >= blockEvents || end + shift > blockBytes)) break;
      this.#ends.push(end + shift);
      this.#types.push(type);
      this.#messages?.push(fromBinary(RunEventSchema, wire));
      taken += 1;
    }
    const used = this.#ends.at(-1) ?? 0;
    if (used > this.#bytes.byteLength) this.#resize(Math.max(used, Math.min(2 * this.#used, blockBytes)));
    from.copy(this.#bytes, this.#used, start, used - shift);
    this.#used = used;
    return taken;
  }

  /** Gives back the memory that was kept for events to come; answers whether there was any. */
  trim(): boolean {
    const isLoose = this.#bytes.byteLength > this.#used;
    if (isLoose) this.#resize(this.#used);
    return isLoose;
  }

  // What was handed out goes on to share the memory it was handed out with.
  #resize(capacity: number): void {
    const bytes = Buffer.allocUnsafeSlow(capacity);
    this.#bytes.copy(bytes, 0, 0, this.#used);
    this.#bytes = bytes;
    this.#handedOut = undefined;
  }

  /** The token of a position in it: from before its first event to after its last. */
  tokenAt(sequence: number): string {
    return this.#positionAt(sequence).token;
  }

  #positionAt(sequence: number): Position {
    if (sequence === this.before.sequence) return this.before;
    const [last, other] = this.#tokens;
    if (last?.sequence === sequence) return last;
    if (other?.sequence === sequence) return other;
    const position = { sequence, token: tokenAt(this.#bytes, this.#start(sequence)) };
    // What comes after its last event is not known yet.
    if (sequence <= this.last) this.#tokens = [position, last];
    return position;
  }

  /** The server-sent events from one sequence to another, both included. They share memory with the block. */
  sse(from: number, to: number): Buffer {
    if (this.#handedOut?.from === from && this.#handedOut.to === to) return this.#handedOut.bytes;
    const bytes = this.#bytes.subarray(this.#start(from), this.#ends[to - this.before.sequence - 1]);
    this.#handedOut = { from, to, bytes };
    return bytes;
  }

  /** One event's `data:` lines with the blank line that ends it, for readers whose `id` is another. */
  dataAt(sequence: number): string {
    const start = this.#start(sequence);
    return this.#bytes.toString("utf8", this.#bytes.indexOf(0x0a, start) + 1, this.#ends[sequence - this.before.sequence - 1]);
  }

  #typeAt(sequence: number): string {
    return this.#types[sequence - this.before.sequence - 1] ?? "";
  }

  /** Whether it has its events decoded too. */
  get hasMessages(): boolean {
    return this.#messages !== undefined;
  }

  /** Decodes its events: all it has, in order, as they came over the wire. Fewer or more than it has are not taken. */
  decode(wires: readonly Uint8Array[]): void {
    if (wires.length === this.count) this.#messages = wires.map((wire) => fromBinary(RunEventSchema, wire));
  }

  /** The events from one sequence to another, both included, where it has them decoded. */
  messages(from: number, to: number): RunEvent[] {
    return this.#messages?.slice(from - this.before.sequence - 1, to - this.before.sequence) ?? [];
  }

  /** The stretches from after one sequence to its last that hold these types only; one stretch of all where any type will do. */
  stretches(after: number, types: ReadonlySet<string> | undefined): Iterable<Events> {
    return types === undefined ? [{ block: this, from: after + 1, to: this.last }] : this.#stretchesOf(types, after);
  }

  *#stretchesOf(types: ReadonlySet<string>, after: number): Generator<Events> {
    const { last } = this;
    let from: number | undefined;
    for (let sequence = after + 1; sequence <= last; sequence += 1) {
      if (types.has(this.#typeAt(sequence))) from ??= sequence;
      else if (from !== undefined) {
        yield { block: this, from, to: sequence - 1 };
        from = undefined;
      }
    }
    if (from !== undefined) yield { block: this, from, to: last };
  }

  #start(sequence: number): number {
    return this.#ends[sequence - this.before.sequence - 2] ?? 0;
  }
}
