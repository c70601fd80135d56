import { EncodedReadEventsResponse } from "@clew/proto/grpc/clew/run/v1/encoded_run_event";

/** The tag of `events`: field 1, length-delimited. */
const eventTag = 0x0a;

/** Encodes a page of events. Where each goes is known before, so that all of them are copied once, into memory that need not grow. */
export function encodePage(page: EncodedReadEventsResponse): Buffer {
  const { events } = page;
  const rest = EncodedReadEventsResponse.encode({ ...page, events: [] }).finish();
  const bytes = Buffer.allocUnsafe(events.reduce((sum, { length }) => sum + 1 + varintBytes(length) + length, rest.length));
  let at = 0;
  for (const event of events) {
    bytes[at++] = eventTag;
    for (let left = event.length; ; left >>>= 7) {
      if (left < 0x80) {
        bytes[at++] = left;
        break;
      }
      bytes[at++] = (left & 0x7f) | 0x80;
    }
    bytes.set(event, at);
    at += event.length;
  }
  bytes.set(rest, at);
  return bytes;
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
}
