import type { Fault } from "@clew/fault/fault";
import type { RunEvent } from "./run-event.ts";

/** What a connection to a run's events carries, whatever the door. Tokens are the reader's own position. */
export type Frame =
  | {
      readonly kind: "hello";
      readonly token: string;
      /** The sequence the reader's position has, where the service says it. */
      readonly sequence?: number | undefined;
      readonly heartbeatMs: number;
    }
  | { readonly kind: "events"; readonly events: readonly RunEvent[] }
  | { readonly kind: "checkpoint"; readonly token: string }
  /** How long to wait, about, before a connection that was cut is made again. */
  | { readonly kind: "retry"; readonly ms: number }
  /** The server is about to close, or has no room: come back after a while. */
  | { readonly kind: "later"; readonly afterMs: number; readonly fault: Fault }
  /** The position is not one of this history; what follows on this connection begins at `earliest`. */
  | { readonly kind: "reset"; readonly earliest: string; readonly fault: Fault }
  | { readonly kind: "ticketExpired" }
  /** The reader has all there will ever be; without `lastSequence` the server says only that the token is the last one. */
  | { readonly kind: "end"; readonly lastSequence: number | undefined };

/** What to open. */
export interface StreamRequest {
  readonly runId: string;
  /** A resume token, a plain decimal sequence, or `now`; empty: from the first event. */
  readonly after: string;
  /** Only events of these types; empty: all. */
  readonly types: readonly string[];
  /** Ends the connection. */
  readonly signal: AbortSignal;
}

/**
 * Opens one connection to a run's events and yields its frames.
 *
 * Ends when the server closes, cleanly or not; throws a Fault where it was refused or broke. Reads no further than it is asked to.
 */
export type EventTransport = (request: StreamRequest) => AsyncIterable<Frame>;
