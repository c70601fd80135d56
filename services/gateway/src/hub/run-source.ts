import type { EncodedReadEventsResponse, EncodedStreamRunEventsResponse } from "@clew/proto/connect/clew/run/v1/encoded_run_event_pb";

/** A page of a run's events, each still encoded. */
export type EventPage = Pick<EncodedReadEventsResponse, "events" | "resumeToken" | "sequence" | "tail" | "finished">;

/** A frame of a run's stream, its events still encoded. */
export type SourceFrame = Pick<EncodedStreamRunEventsResponse, "resumeToken" | "frame">;

/** What the hub reads runs from. Calls throw Faults; UNAVAILABLE means "not now", OUT_OF_RANGE "this position is of no history of mine". */
export interface RunSource {
  /** Reads at most `limit` events after a token or a decimal sequence. */
  readEvents(request: { readonly runId: string; readonly after: string; readonly limit: number }, signal: AbortSignal): Promise<EventPage>;
  /** Follows a run from after a token, or from `now`. Leaving the loop, or the signal, ends it. */
  streamRunEvents(request: { readonly runId: string; readonly resumeToken: string }, signal: AbortSignal): AsyncIterable<SourceFrame>;
}
