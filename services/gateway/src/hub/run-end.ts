import { create } from "@bufbuild/protobuf";
import { RunSchema } from "@clew/proto/connect/clew/run/v1/run_pb";
import { type StreamRunEventsResponse_End, StreamRunEventsResponse_EndSchema } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import type { Place } from "./place.ts";

/** How a run ended, and where. */
export interface RunEnd {
  readonly place: Place;
  readonly said: StreamRunEventsResponse_End;
}

/** The same end for a reader who may not see how: that the run is over, and where. */
export function withoutOutcome({ place, said: { run, lastSequence } }: RunEnd): RunEnd {
  const { id, state } = run ?? {};
  return {
    place,
    said: create(StreamRunEventsResponse_EndSchema, {
      run: create(RunSchema, { ...(id && { id }), ...(state && { state }), lastSequence, resumeToken: place.token }),
      lastSequence,
    }),
  };
}
