import { toJsonString } from "@bufbuild/protobuf";
import { StreamRunEventsResponse_EndSchema } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import type { Frame } from "../hub/frame.ts";
import { jsonOptions } from "../hub/json-options.ts";
import { heartbeatMs } from "../hub/limits.ts";
import type { RunEnd } from "../hub/run-end.ts";
import { encodeSse } from "./encode.ts";

/** Writes a frame as server-sent events. */
export function renderFrame(runId: string, frame: Frame): string {
  switch (frame.kind) {
    case "hello":
      return encodeSse({ id: frame.position.token, event: "hello", data: helloJson(runId, frame) });
    case "checkpoint":
      return encodeSse({ id: frame.position.token, event: "checkpoint", data: "{}" });
    case "reset": {
      const { token } = frame.position;
      return encodeSse({ id: token, event: "reset", data: JSON.stringify({ reason: frame.fault.reason, earliest: token }) });
    }
    case "end":
      return encodeSse({ id: frame.end.position.token, event: "end", data: endJson(frame.end) });
  }
}

/** Writes a greeting as JSON. */
export function helloJson(runId: string, { position, tail }: Extract<Frame, { kind: "hello" }>): string {
  return JSON.stringify({ runId, tail, heartbeatMs, sequence: position.sequence });
}

const written = new WeakMap<RunEnd, string>();

/** Writes an end as JSON, once for all who read to it. */
export function endJson(end: RunEnd): string {
  const known = written.get(end);
  if (known !== undefined) return known;
  const json = toJsonString(StreamRunEventsResponse_EndSchema, end.said, jsonOptions);
  written.set(end, json);
  return json;
}

/** Writes a last word that does not move the position: come back after so many milliseconds. */
export function renderFarewell(kind: "busy" | "reconnect" | "ticketExpired", afterMs: number): string {
  return encodeSse({ retryMs: afterMs, event: kind, data: kind === "ticketExpired" ? "{}" : JSON.stringify({ afterMs }) });
}

/** Writes a `reset` of a run of which nothing is left to go on from: the reader's position is emptied, so that it is told 404 where it comes back. */
export function renderGone(reason: string, afterMs: number): string {
  return encodeSse({ retryMs: afterMs, id: "", event: "reset", data: JSON.stringify({ reason, earliest: "" }) });
}
