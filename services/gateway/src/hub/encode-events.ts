import type { Buffer } from "node:buffer";
import { fromBinary, toJsonString } from "@bufbuild/protobuf";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { ByteWriter, phraseOf } from "./byte-writer.ts";
import { jsonOptions } from "./json-options.ts";
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

/** Events that came together, and their bytes. */
export interface EncodedEvents {
  readonly events: readonly EncodedEvent[];
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
/** Roughly what an event has as server-sent event beyond what it has on the wire, in bytes. */
const moreBytes = 192;

/** Encodes events as they came over the wire. @throws RangeError where the token of one could not be an `id`. */
export function encodeEvents(wires: readonly Uint8Array[]): EncodedEvents {
  const out = new ByteWriter(wires.reduce((sum, { length }) => sum + length + moreBytes, 0));
  // Those that came together share their memory: one view of it for all is much less for the garbage collector than one for each.
  let whole = new Wire(new Uint8Array());
  const events = wires.map((wire) => {
    if (wire.buffer !== whole.bytes.buffer) whole = new Wire(new Uint8Array(wire.buffer));
    whole.pos = wire.byteOffset;
    return writeEvent(whole, wire, out);
  });
  return { events, bytes: out.written };
}

function writeEvent(wire: Wire, own: Uint8Array, out: ByteWriter): EncodedEvent {
  const start = out.length;
  const last = own.byteOffset + own.length;
  const places = json.find(wire, last);
  out.phrase(idLine);
  if (places === undefined) return writeWhole(own, start, out);
  writeToken(wire, places[at.token] ?? 0, out);
  const sequence = numberAt(wire, places[at.sequence] ?? 0);
  const type = typeAt(wire, places[at.type] ?? 0);
  // JSON has no line breaks, so that its text is one `data:` line.
  out.phrase(dataLine);
  json.write(wire, places, last, out);
  out.phrase(end);
  return { sequence, type, start, end: out.length, wire: own };
}

/** The same for an event that only the whole decoder can read. */
function writeWhole(own: Uint8Array, start: number, out: ByteWriter): EncodedEvent {
  const event = fromBinary(RunEventSchema, own);
  const { sequence, resumeToken: token, type } = event;
  if (!/^[\w.~-]+$/.test(token)) throw badToken();
  out.ascii(token);
  out.phrase(dataLine);
  out.text(toJsonString(RunEventSchema, event, jsonOptions));
  out.phrase(end);
  return { sequence, type, start, end: out.length, wire: own };
}

function writeToken(wire: Wire, place: number, out: ByteWriter): void {
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

/** The type that was read last: events of one type often follow each other, and need no text of their own then. */
let lastType = "";

function typeAt(wire: Wire, place: number): string {
  if (place === 0) return "";
  wire.pos = place;
  const length = wire.uint32();
  const { bytes, pos: from } = wire;
  let index = 0;
  if (length === lastType.length) while (index < length && bytes[from + index] === lastType.charCodeAt(index)) index += 1;
  if (index !== length || length !== lastType.length) lastType = bytes.toString("latin1", from, from + length);
  return lastType;
}
