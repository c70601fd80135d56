import type { RunEvent } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import type { StreamRunEventsResponse_End, StreamRunEventsResponse_Hello } from "@clew/proto/connect/clew/run/v1/run_service_pb";

/** What the gateway tells a reader of a run. `token` is the reader's own position after the frame. */
export type Frame =
  | { readonly kind: "hello"; readonly token: string; readonly hello: StreamRunEventsResponse_Hello }
  | { readonly kind: "events"; readonly token: string; readonly events: readonly RunEvent[] }
  | { readonly kind: "checkpoint"; readonly token: string }
  /** The position given cannot be resumed; the frames that follow go on from `token`. */
  | { readonly kind: "reset"; readonly token: string; readonly reason: string }
  | { readonly kind: "end"; readonly token: string; readonly end: StreamRunEventsResponse_End }
  /** Last frames that do not move the position: come back later. */
  | { readonly kind: "busy" | "reconnect"; readonly afterMs: number };
