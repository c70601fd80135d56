import type { JournalRecord } from "@clew/journal-format/record";
import { type ResumeTokens, TOKEN_CHARS } from "@clew/journal-format/resume-token";
import { RunEvent } from "@clew/proto/grpc/clew/run/v1/run_event";
import { decodeBody, type EventType } from "./event.ts";

/**
 * A reader's copy of an event is made of bytes, since a run of 100,000 events is read more often than it is written: what the record's header says,
 * followed by the body as it stands. The fields of a message may come in any order (https://protobuf.dev/programming-guides/encoding/#order).
 */

const lengthDelimited = 2;
/** No payload has a larger field number. */
const mostFields = 200;

/** An event by its name, which readers' copies have as a field. */
interface EventKind {
  readonly type: EventType;
  readonly field: Uint8Array;
}

/** The events by the field number of their payload. */
const kindsByField: readonly (EventKind | undefined)[] = Array.from({ length: mostFields + 1 }, (_, field) => {
  const empty = Buffer.alloc(4);
  const type = RunEvent.decode(empty.subarray(0, writeVarint(empty, writeVarint(empty, 0, tagOf(field)), 0))).payload?.$case;
  return type && { type, field: textField(6, type) };
});

/** Tells which event a record's body holds. */
export function typeOfBody(body: Uint8Array): EventType {
  return kindOfBody(body).type;
}

function kindOfBody(body: Uint8Array): EventKind {
  for (let at = 0; at < body.length; ) {
    const tag = readVarint(body, at);
    const kind = kindsByField[tag >>> 3];
    if (kind !== undefined) return kind;
    const lengthAt = at + varintBytes(tag);
    const length = readVarint(body, lengthAt);
    at = lengthAt + varintBytes(length) + length;
  }
  throw new Error("A record without a payload was written.");
}

/** The most bytes that a copy has beyond its record's body, for its place. */
const placeBytes = 192;
/** What is left behind the copies for the rest of their message. */
const restBytes = 512;
/** The tag of the field that has the events, in a page as in a frame. */
const entryTag = tagOf(1);

/** What copies are of. */
export interface CopiedRun {
  readonly runId: string;
  readonly tokens: ResumeTokens;
}

/** Readers' copies of records, one after another as a message has them as the entries of its field 1. */
export class ReaderCopies {
  readonly #run: CopiedRun;
  readonly #runField: Uint8Array;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #bytes: Buffer;
  #used = 0;

  /** Begins with memory for the copies of these records. */
  constructor(run: CopiedRun, records: readonly { readonly body: Uint8Array }[]) {
    this.#run = run;
    this.#runField = textField(1, run.runId);
    const capacity = records.reduce((sum, { body }) => sum + placeBytes + body.length, restBytes);
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  /** Adds the RunEvent that a reader gets of a record: the bytes of what `decodeBody` answers, in another order. Leaves it out unless its type is wanted. */
  add(record: JournalRecord, wanted: (type: string) => boolean): void {
    const { body, sequence, attempt, timeMs } = record;
    const { type, field } = kindOfBody(body);
    if (!wanted(type)) return;
    const { runId, tokens } = this.#run;
    // The Run within these has its own position and time from the header.
    if (type === "runCreated" || type === "runFinished") {
      const place = { runId, sequence, attempt, timeMs, resumeToken: tokens.format(record) };
      this.#addWhole(RunEvent.encode(decodeBody(body, place)).finish());
      return;
    }
    this.#reserve(placeBytes + body.length);
    const into = this.#bytes;
    // Two bytes are the length of most copies.
    const start = this.#used + 3;
    into.set(this.#runField, start);
    let at = writeNumber(into, start + this.#runField.length, 2, sequence);
    at = writeTime(into, at, 3, timeMs);
    at = writeVarint(into, writeVarint(into, at, tagOf(4)), TOKEN_CHARS);
    tokens.write(record, into, at);
    at = writeNumber(into, at + TOKEN_CHARS, 5, attempt);
    into.set(field, at);
    into.set(body, at + field.length);
    this.#enter(start, at + field.length + body.length);
  }

  #addWhole(copy: Uint8Array): void {
    this.#reserve(placeBytes + copy.length);
    const start = this.#used + 3;
    this.#bytes.set(copy, start);
    this.#enter(start, start + copy.length);
  }

  /** Puts tag and length before a copy that begins three bytes after the last; where they take more or less, the copy is moved. */
  #enter(start: number, end: number): void {
    const into = this.#bytes;
    into[this.#used] = entryTag;
    const length = end - start;
    const moved = this.#used + 1 + varintBytes(length);
    if (moved !== start) into.copyWithin(moved, start, end);
    writeVarint(into, this.#used + 1, length);
    this.#used = moved + length;
    this.#starts.push(moved);
    this.#ends.push(this.#used);
  }

  #reserve(bytes: number): void {
    const needed = this.#used + bytes + restBytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#used);
    this.#bytes = grown;
  }

  /** Each of the copies. They share memory. */
  get events(): Buffer[] {
    return this.#starts.map((start, index) => this.#bytes.subarray(start, this.#ends[index]));
  }

  /** The message whose field 1 they are, with the bytes of its other fields. It shares memory with them. */
  messageWith(rest: Uint8Array): Buffer {
    const end = this.#used + rest.length;
    if (end > this.#bytes.length) return Buffer.concat([this.#bytes.subarray(0, this.#used), rest]);
    this.#bytes.set(rest, this.#used);
    return this.#bytes.subarray(0, end);
  }
}

/** A field that is a text of ASCII. */
function textField(field: number, text: string): Uint8Array {
  return Buffer.concat([Uint8Array.of(tagOf(field), text.length), Buffer.from(text, "latin1")]);
}

function writeNumber(into: Buffer, at: number, field: number, value: number): number {
  return value === 0 ? at : writeVarint(into, writeVarint(into, at, field << 3), value);
}

/** A google.protobuf.Timestamp; its length takes one byte. */
function writeTime(into: Buffer, at: number, field: number, timeMs: number): number {
  const start = writeVarint(into, at, tagOf(field)) + 1;
  const afterSeconds = writeNumber(into, start, 1, Math.floor(timeMs / 1_000));
  const end = writeNumber(into, afterSeconds, 2, (timeMs % 1_000) * 1_000_000);
  into[start - 1] = end - start;
  return end;
}

function tagOf(field: number): number {
  return (field << 3) | lengthDelimited;
}

function writeVarint(into: Buffer, at: number, value: number): number {
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) into[at++] = (rest & 0x7f) | 0x80;
  into[at++] = rest;
  return at;
}

/** How many bytes a number of at most 32 bits has, as we write it. */
function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

/** Reads a number of at most 32 bits. */
function readVarint(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value >>> 0;
  }
}
