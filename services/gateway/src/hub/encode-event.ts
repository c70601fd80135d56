import { fromBinary, toJsonString } from "@bufbuild/protobuf";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { jsonOptions } from "../http/json-options.ts";
import { encodeSse } from "../sse/encode.ts";

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

/** Encodes an event as it came over the wire. */
export function encodeEvent(wire: Uint8Array): EncodedEvent {
  const event = fromBinary(RunEventSchema, wire);
  const { sequence, resumeToken: token, type } = event;
  return { sequence, token, type, text: encodeSse({ id: token, data: toJsonString(RunEventSchema, event, jsonOptions) }), wire };
}
