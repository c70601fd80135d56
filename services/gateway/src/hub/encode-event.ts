import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { Wire } from "./wire.ts";
import { wireJsonOf } from "./wire-json.ts";

/** An event, as the doors write it. */
export interface EncodedEvent {
  readonly sequence: number;
  readonly token: string;
  readonly type: string;
  /** The server-sent event: `id: <token>`, `data: <JSON>`, a blank line. */
  readonly text: string;
  /** The event as it came. */
  readonly wire: Uint8Array;
}

const json = wireJsonOf(RunEventSchema);
const at = {
  sequence: json.names.indexOf("sequence"),
  token: json.names.indexOf("resumeToken"),
  type: json.names.indexOf("type"),
};

/** Encodes an event as it came over the wire. @throws RangeError where its token could not be an `id`. */
export function encodeEvent(wire: Uint8Array): EncodedEvent {
  const values = json.read(new Wire(wire), wire.length);
  const token = values[at.token]?.slice(1, -1) ?? "";
  if (!/^[\w.~-]+$/.test(token)) throw new RangeError("An event without a token, or with one that no reader could send back.");
  const type = values[at.type]?.slice(1, -1) ?? "";
  // JSON has no line breaks, so that its text is one `data:` line.
  return { sequence: Number(values[at.sequence]), token, type, text: `id: ${token}\ndata: ${json.join(values)}\n\n`, wire };
}
