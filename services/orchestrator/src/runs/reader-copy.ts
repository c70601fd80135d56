import { RunEvent } from "@clew/proto/grpc/clew/run/v1/run_event";
import { decodeBody, type EventPlace, type EventType } from "./event.ts";

/**
 * A reader's copy of an event is made of bytes, since a run of 100,000 events is read more often than it is written: what the record's header says,
 * followed by the body as it stands. The fields of a message may come in any order (https://protobuf.dev/programming-guides/encoding/#order).
 */

const lengthDelimited = 2;
/** No payload has a larger field number. */
const mostFields = 200;

/** The events by the field number of their payload. */
const typesByField: ReadonlyMap<number, EventType> = new Map(
  Array.from({ length: mostFields }, (_, index) => index + 1).flatMap((field) => {
    const empty = Buffer.alloc(4);
    const type = RunEvent.decode(empty.subarray(0, writeVarint(empty, writeVarint(empty, 0, tagOf(field)), 0))).payload?.$case;
    return type === undefined ? [] : [[field, type] as const];
  }),
);

/** Tells which event a record's body holds. */
export function typeOfBody(body: Uint8Array): EventType {
  for (let at = 0; at < body.length; ) {
    const [tag, afterTag] = readVarint(body, at);
    const type = typesByField.get(tag >>> 3);
    if (type !== undefined) return type;
    const [length, afterLength] = readVarint(body, afterTag);
    at = afterLength + length;
  }
  throw new Error("A record without a payload was written.");
}

/** Memory for the copies that are made together, and how much of it has been used. */
export interface CopySpace {
  readonly bytes: Buffer;
  used: number;
}

/** Roughly the most bytes that a copy has beyond its record's body, for its place. */
const placeBytes = 256;

/** Makes memory for the copies of records with these bodies. */
export function spaceFor(bodies: readonly { readonly body: Uint8Array }[]): CopySpace {
  return { bytes: Buffer.allocUnsafe(bodies.reduce((sum, { body }) => sum + placeBytes + body.length, 0)), used: 0 };
}

/** Encodes the RunEvent that a reader gets of a record's body: the bytes of what `decodeBody` answers, in another order. It lies in the space that is given. */
export function copyForReader(body: Uint8Array, type: EventType, place: EventPlace, space = spaceFor([{ body }])): Buffer {
  // The Run within these has its own position and time from the header.
  if (type === "runCreated" || type === "runFinished") return Buffer.from(RunEvent.encode(decodeBody(body, place)).finish());
  const { runId, sequence, attempt, timeMs, resumeToken } = place;
  const { bytes: into, used: start } = space;
  let at = writeText(into, start, 1, runId);
  at = writeNumber(into, at, 2, sequence);
  at = writeTime(into, at, 3, timeMs);
  at = writeText(into, at, 4, resumeToken);
  at = writeNumber(into, at, 5, attempt);
  at = writeText(into, at, 6, type);
  into.set(body, at);
  space.used = at + body.length;
  return into.subarray(start, space.used);
}

/** A text of ASCII, as ids, tokens and types are: so short that a loop costs less than a call out of JavaScript. */
function writeText(into: Buffer, at: number, field: number, text: string): number {
  let next = writeVarint(into, writeVarint(into, at, tagOf(field)), text.length);
  for (let index = 0; index < text.length; index += 1) into[next++] = text.charCodeAt(index);
  return next;
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

/** Reads a number of at most 32 bits; answers it and where it ends. */
function readVarint(bytes: Uint8Array, at: number): readonly [number, number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value >>> 0, at];
  }
}
