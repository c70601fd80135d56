import { EncodedReadEventsResponse } from "@clew/proto/grpc/clew/run/v1/encoded_run_event";
import type { ReaderCopies } from "../runs/reader-copies.ts";

/** An EncodedReadEventsResponse whose events are written already, as it has them on the wire. */
export interface Page extends Omit<EncodedReadEventsResponse, "events"> {
  readonly copies: ReaderCopies;
}

/** Encodes a page: its other fields follow the events, in the same memory. */
export function encodePage({ copies, ...page }: Page): Buffer {
  return copies.messageWith(EncodedReadEventsResponse.encode({ ...page, events: [] }).finish());
}
