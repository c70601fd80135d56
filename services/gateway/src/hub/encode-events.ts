import type { Buffer } from "node:buffer";
import { fromBinary, toJsonString } from "@bufbuild/protobuf";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { ByteWriter } from "./byte-writer.ts";
import { jsonOptions } from "./json-options.ts";
import { Wire } from "./wire.ts";
import { wireJsonOf } from "./wire-json.ts";

/** An event, as the doors write it. */
export interface EncodedEvent {
  readonly sequence: number;
  readonly token: string;
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

const json = wireJsonOf(RunEventSchema);
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
  const whole = places === undefined ? fromBinary(RunEventSchema, own) : undefined;
  const { sequence, resumeToken: token, type } = whole ?? headAt(wire, places ?? []);
  if (!/^[\w.~-]+$/.test(token)) throw new RangeError("An event without a token, or with one that no reader could send back.");
  // JSON has no line breaks, so that its text is one `data:` line.
  out.ascii("id: ");
  out.ascii(token);
  out.ascii("\ndata: ");
  if (whole !== undefined) out.text(toJsonString(RunEventSchema, whole, jsonOptions));
  else json.write(wire, places ?? [], last, out);
  out.ascii("\n\n");
  return { sequence, token, type, start, end: out.length, wire: own };
}

function headAt(wire: Wire, places: readonly number[]): { sequence: number; resumeToken: string; type: string } {
  const read = <T>(index: number, none: T, take: () => T): T => {
    const place = places[index] ?? 0;
    if (place === 0) return none;
    wire.pos = place;
    return take();
  };
  return {
    sequence: read(at.sequence, 0, () => wire.uint32()),
    resumeToken: read(at.token, "", () => wire.latin1()),
    type: read(at.type, "", () => wire.latin1()),
  };
}
