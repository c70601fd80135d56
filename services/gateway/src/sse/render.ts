import { toJsonString } from "@bufbuild/protobuf";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { StreamRunEventsResponse_EndSchema, StreamRunEventsResponse_HelloSchema } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { jsonOptions } from "../http/json-options.ts";
import { encodeSse } from "./encode.ts";
import type { Frame } from "./frame.ts";

/** Bytes, roughly, that are handed to the socket at once. */
const pieceLength = 32 * 1024;

/** Writes a frame as server-sent events, in pieces that each end with a whole event. */
export function* renderFrame(frame: Frame): Generator<string, void, undefined> {
  switch (frame.kind) {
    case "events": {
      let piece = "";
      for (const event of frame.events) {
        piece += encodeSse({ id: event.resumeToken, data: toJsonString(RunEventSchema, event, jsonOptions) });
        if (piece.length < pieceLength) continue;
        yield piece;
        piece = "";
      }
      if (piece !== "") yield piece;
      return;
    }
    case "hello":
      return yield encodeSse({
        id: frame.token,
        event: "hello",
        data: toJsonString(StreamRunEventsResponse_HelloSchema, frame.hello, jsonOptions),
      });
    case "checkpoint":
      return yield encodeSse({ id: frame.token, event: "checkpoint", data: "{}" });
    case "end":
      return yield encodeSse({
        id: frame.token,
        event: "end",
        data: toJsonString(StreamRunEventsResponse_EndSchema, frame.end, jsonOptions),
      });
    case "reset":
      return yield encodeSse({ id: frame.token, event: "reset", data: JSON.stringify({ reason: frame.reason, earliest: frame.token }) });
    case "busy":
    case "reconnect":
      return yield encodeSse({ retryMs: frame.afterMs, event: frame.kind, data: JSON.stringify({ afterMs: frame.afterMs }) });
  }
}
