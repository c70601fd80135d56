import type { Buffer } from "node:buffer";
import { fromBinary, toJsonString } from "@bufbuild/protobuf";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { phraseOf } from "./byte-writer.ts";
import { jsonOptions } from "./json-options.ts";
import { JsonWriter } from "./json-writer.ts";
import { Wire } from "./wire.ts";
import { wireJsonOf } from "./wire-json.ts";

/** An event, as the doors write it. */
export interface EncodedEvent {
  readonly sequence: number;
  readonly type: string;
  /** Where among the bytes of all the server-sent event begins and ends: `id: <token>`, `data: <JSON>`, a blank line. */
  readonly start: number;
  readonly end: number;
  /** The event as it came. */
  readonly wire: Uint8Array;
}

/** Events that came together, and their bytes: those of one follow those of the one before. */
export interface EncodedEvents {
  readonly events: readonly EncodedEvent[];
  /** Theirs until the next are encoded. */
  readonly bytes: Buffer;
}

/** Reads the token of an event, or of whatever else the bytes have from there on, out of its `id:` line. */
export function tokenAt(bytes: Buffer, start: number): string {
  return bytes.toString("latin1", start + idLine.length, bytes.indexOf(lineFeed, start));
}

const lineFeed = 0x0a;
const idLine = phraseOf("id: ");
const dataLine = phraseOf("\ndata: ");
const end = phraseOf("\n\n");
const json = wireJsonOf(RunEventSchema);
/** 1 for each byte that a token may have, so that readers can send it back. */
const isOfToken = Uint8Array.from({ length: 256 }, (_, byte) => Number(/[\w.~-]/.test(String.fromCharCode(byte))));
const at = {
  sequence: json.names.indexOf("sequence"),
  token: json.names.indexOf("resumeToken"),
  type: json.names.indexOf("type"),
};
/** The memory that is kept between encodings, at most: a page of long events takes more, and gives it back. */
const keptBytes = 2 * 1024 * 1024;
const firstBytes = 64 * 1024;

/** Encodes events, always into the same memory. */
export class EventEncoder {
  #out = new JsonWriter(firstBytes);
  /** The type that was read last: events of one type often follow each other, and need no text of their own then. */
  #lastType = "";

  /** Encodes events as they came over the wire. @throws RangeError where the token of one could not be an `id`. */
  encode(wires: readonly Uint8Array[]): EncodedEvents {
    if (this.#out.capacity > keptBytes) this.#out = new JsonWriter(firstBytes);
    const out = this.#out;
    out.restart();
    // Those that came together share their memory: one view of it for all is much less for the garbage collector than one for each.
    let whole = new Wire(new Uint8Array());
    const events = wires.map((wire) => {
      if (wire.buffer !== whole.bytes.buffer) whole = new Wire(new Uint8Array(wire.buffer));
      whole.pos = wire.byteOffset;
      return this.#writeEvent(whole, wire, out);
    });
    return { events, bytes: out.written };
  }

  #writeEvent(wire: Wire, own: Uint8Array, out: JsonWriter): EncodedEvent {
    const start = out.length;
    const last = own.byteOffset + own.length;
    const places = json.find(wire, last);
    out.phrase(idLine);
    if (places === undefined) return writeWhole(own, start, out);
    writeToken(wire, places[at.token] ?? 0, out);
    const sequence = numberAt(wire, places[at.sequence] ?? 0);
    const type = this.#typeAt(wire, places[at.type] ?? 0);
    // JSON has no line breaks, so that its text is one `data:` line.
    out.phrase(dataLine);
    json.write(wire, places, last, out);
    out.phrase(end);
    return { sequence, type, start, end: out.length, wire: own };
  }

  #typeAt(wire: Wire, place: number): string {
    if (place === 0) return "";
    wire.pos = place;
    const length = wire.uint32();
    const { bytes, pos: from } = wire;
    const lastType = this.#lastType;
    let index = 0;
    if (length === lastType.length) while (index < length && bytes[from + index] === lastType.charCodeAt(index)) index += 1;
    if (index !== length || length !== lastType.length) this.#lastType = bytes.toString("latin1", from, from + length);
    return this.#lastType;
  }
}

/** Encodes an event that only the whole decoder can read. */
function writeWhole(own: Uint8Array, start: number, out: JsonWriter): EncodedEvent {
  const event = fromBinary(RunEventSchema, own);
  const { sequence, resumeToken: token, type } = event;
  if (!/^[\w.~-]+$/.test(token)) throw badToken();
  out.ascii(token);
  out.phrase(dataLine);
  out.text(toJsonString(RunEventSchema, event, jsonOptions));
  out.phrase(end);
  return { sequence, type, start, end: out.length, wire: own };
}

function writeToken(wire: Wire, place: number, out: JsonWriter): void {
  if (place === 0) throw badToken();
  wire.pos = place;
  const length = wire.uint32();
  const { bytes, pos: from } = wire;
  for (let index = from; index < from + length; index += 1) if (isOfToken[bytes[index] ?? 0] === 0) throw badToken();
  if (length === 0 || !out.plain(bytes, wire.view, from, from + length)) throw badToken();
}

function badToken(): RangeError {
  return new RangeError("An event without a token, or with one that no reader could send back.");
}

function numberAt(wire: Wire, place: number): number {
  wire.pos = place;
  return place === 0 ? 0 : wire.uint32();
}
