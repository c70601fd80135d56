import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { Fault } from "@clew/fault/fault";
import { volumeFault } from "@clew/fault/volume-fault";
import { SandboxEvent, StreamSandboxEventsResponse } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { abortable } from "@clew/streams/abortable";
import { withHeartbeat } from "@clew/streams/heartbeat";
import { linkSignals } from "@clew/streams/linked-signal";
import { Tail } from "@clew/streams/tail";
import { encodeRecord, endRecord, headerBytes, maxEventBytes, readRecord } from "./record.ts";
import { readAt, scanOutbox } from "./scan-outbox.ts";

/** What a producer says; the outbox gives it its sequence. */
export interface EventDraft {
  /** One plain sentence of at most 200 characters, without secrets. */
  readonly summary: string;
  /** What happened. */
  readonly payload: NonNullable<SandboxEvent["payload"]>;
}

/** Where an outbox lies, and how much may wait in it. */
export interface OutboxOptions {
  /** Its file; made if missing, read if there. */
  readonly file: string;
  /** The most events not yet acknowledged; 10,000 unless given. */
  readonly maxEvents?: number;
  /** The most bytes not yet acknowledged, but for the last event; 16 MiB unless given. */
  readonly maxBytes?: number;
  /** The longest silence of a stream, in milliseconds; 5,000 unless given. */
  readonly heartbeatMs?: number;
}

/** How a wait is ended early. */
export interface WaitOptions {
  readonly signal?: AbortSignal;
}

interface Turn extends PromiseWithResolvers<void> {
  /** The end is written also when the outbox is full. */
  readonly isEnd: boolean;
}

/** A little below 1 MiB, so that the frame around the events fits as well. */
const frameBytes = 1024 * 1024 - 64;

/** Opens an outbox. Whoever opens it closes it; one process at a time. */
export function openOutbox(options: OutboxOptions): Outbox {
  return new Outbox(options);
}

/**
 * What a producer has said, in a file that survives its process, until the orchestrator says it is durable.
 *
 * The file only grows, without fsync. Memory holds one number an event; a full outbox makes its writers wait and drops nothing.
 * Once its disk did not take something, nothing is said any more: an event that is missing would not be seen to be.
 */
export class Outbox implements Disposable {
  readonly #fd: number;
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  readonly #heartbeatMs: number;
  /** Where the n-th event's record ends; the first entry is 0. */
  readonly #ends: number[] = [0];
  readonly #turns: Turn[] = [];
  /** The last sequence, and one more once the end is written. */
  readonly #written = new Tail();
  readonly #closing = new AbortController();
  #finishing: Promise<void> | undefined;
  #finished = false;
  #broken: Fault | undefined;

  /** The last sequence that is durable in the journal. */
  readonly acknowledged = new Tail();

  constructor({ file, maxEvents = 10_000, maxBytes = 16 * 1024 * 1024, heartbeatMs = 5_000 }: OutboxOptions) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
    this.#heartbeatMs = heartbeatMs;
    this.#fd = openSync(file, "a+", 0o600);
    for (const found of scanOutbox(this.#fd)) {
      if (found.kind === "event") this.#ends.push(found.offset + found.sizeBytes);
      else if (found.kind === "end") this.#finished = true;
      else ftruncateSync(this.#fd, found.offset);
    }
    this.#moved();
  }

  /** The last sequence written. */
  get tail(): number {
    return this.#ends.length - 1;
  }

  /** Whether all has been said. */
  get finished(): boolean {
    return this.#finished;
  }

  /**
   * Writes an event and answers its sequence. While the outbox is full it waits; calls take turns in their order.
   *
   * @throws Fault EVENT_TOO_LARGE over 64 KiB; VOLUME_FULL or VOLUME_FAILED, also for all that follows; the signal's reason; an error once the outbox is
   * finished or closed.
   */
  async append(draft: EventDraft, { signal }: WaitOptions = {}): Promise<number> {
    signal?.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    if (this.#finished || this.#finishing !== undefined) throw new Error("The outbox is finished.");
    return await this.#inTurn(false, signal, () => this.#writeEvent(draft));
  }

  /** Notes that events up to and including `through` are durable. Cumulative, repeatable, never beyond what was written. */
  acknowledge(through: number): void {
    this.acknowledged.moveTo(Math.min(through, this.tail));
    this.#giveTurn();
  }

  /** Resolves once the event with that sequence is durable in the journal. */
  waitAcknowledged(sequence: number, options: WaitOptions = {}): Promise<void> {
    return this.acknowledged.waitAbove(sequence - 1, options);
  }

  /** Notes that nothing more will be said; resolves once what waits its turn, and the end, are written. Repeatable. */
  finish(): Promise<void> {
    if (this.#finished) return Promise.resolve();
    this.#finishing ??= this.#inTurn(true, undefined, () => this.#writeEnd());
    return this.#finishing;
  }

  /**
   * Streams the events after a sequence as frames of at most 1 MiB: what there is, then what comes, a heartbeat when
   * idle, and `end` once finished. What is written in one turn of the event loop shares a frame.
   *
   * @throws Fault FUTURE where the outbox has no such sequence; after the last event, why its disk took no more; the signal's reason.
   */
  async *stream(after: number, { signal }: WaitOptions = {}): AsyncGenerator<StreamSandboxEventsResponse, void> {
    if (after > this.tail) throw new Fault("FUTURE");
    const link = linkSignals(signal, this.#closing.signal);
    try {
      yield* withHeartbeat(this.#frames(after, link.signal), {
        intervalMs: this.#heartbeatMs,
        beat: () => frame({ $case: "heartbeat", value: { tail: this.tail } }),
      });
    } finally {
      // Whoever leaves early would otherwise leave a wait behind.
      link.abort(new Fault("CANCELLED"));
    }
  }

  /** Closes the file and ends every stream and wait with SHUTTING_DOWN. The file stays. */
  [Symbol.dispose](): void {
    if (this.#closing.signal.aborted) return;
    const reason = new Fault("SHUTTING_DOWN");
    this.#closing.abort(reason);
    this.acknowledged.close(reason);
    for (const turn of this.#turns) turn.reject(reason);
    closeSync(this.#fd);
  }

  async *#frames(after: number, signal: AbortSignal): AsyncGenerator<StreamSandboxEventsResponse, void> {
    let position = after;
    for (;;) {
      if (position < this.tail) {
        const events = this.#read(position);
        position += events.length;
        yield frame({ $case: "events", value: { events } });
      } else if (this.#finished) {
        return yield frame({ $case: "end", value: { tail: this.tail } });
      } else {
        await this.#written.waitAbove(position, { signal });
        await setImmediate();
      }
      signal.throwIfAborted();
    }
  }

  /** Reads what fits a frame from the file: the page cache is the memory. */
  #read(after: number): SandboxEvent[] {
    const start = this.#end(after);
    let last = after + 1;
    while (last < this.tail && this.#end(last + 1) - start <= frameBytes) last += 1;
    const bytes = readAt(this.#fd, start, this.#end(last) - start);
    const events: SandboxEvent[] = [];
    for (let sequence = after + 1; sequence <= last; sequence += 1) {
      const record = readRecord(bytes, this.#end(sequence - 1) - start);
      if (record.kind !== "event") throw new Error("The outbox file was changed by somebody else.");
      events.push(record.event);
    }
    return events;
  }

  async #inTurn<T>(isEnd: boolean, signal: AbortSignal | undefined, write: () => T): Promise<T> {
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#turns.length === 0 && (isEnd || !this.#isFull())) return write();
    const turn: Turn = { ...Promise.withResolvers<void>(), isEnd };
    this.#turns.push(turn);
    this.#giveTurn();
    try {
      await abortable(turn.promise, signal);
      this.#closing.signal.throwIfAborted();
      return write();
    } finally {
      this.#turns.splice(this.#turns.indexOf(turn), 1);
      this.#giveTurn();
    }
  }

  #giveTurn(): void {
    const [first] = this.#turns;
    if (first !== undefined && (first.isEnd || !this.#isFull())) first.resolve();
  }

  #isFull(): boolean {
    const acknowledged = this.acknowledged.value;
    return this.tail - acknowledged >= this.#maxEvents || this.#end(this.tail) - this.#end(acknowledged) >= this.#maxBytes;
  }

  #writeEvent(draft: EventDraft): number {
    const sequence = this.tail + 1;
    const record = encodeRecord(SandboxEvent.fromPartial({ ...draft, sequence }));
    if (record.length - headerBytes > maxEventBytes) throw new Fault("EVENT_TOO_LARGE");
    this.#write(record);
    this.#ends.push(this.#end(sequence - 1) + record.length);
    this.#moved();
    return sequence;
  }

  #writeEnd(): void {
    this.#write(endRecord);
    this.#finished = true;
    this.#moved();
  }

  /** Synchronous: a few microseconds into the page cache, and the event outlives a process that is killed right after. */
  #write(record: Buffer): void {
    try {
      let written = 0;
      while (written < record.length) written += writeSync(this.#fd, record, written);
    } catch (error) {
      // A part of the record may be there: whoever reads the file stops before it.
      this.#broken = volumeFault(error);
      this.#written.close(this.#broken);
      for (const turn of this.#turns) turn.reject(this.#broken);
      throw this.#broken;
    }
  }

  #end(sequence: number): number {
    const end = this.#ends[sequence];
    if (end === undefined) throw new RangeError("The outbox has no such event.");
    return end;
  }

  #moved(): void {
    this.#written.moveTo(this.tail + (this.#finished ? 1 : 0));
  }
}

function frame(value: NonNullable<StreamSandboxEventsResponse["frame"]>): StreamSandboxEventsResponse {
  return StreamSandboxEventsResponse.fromPartial({ frame: value });
}
