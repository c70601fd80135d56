import { RunEvent } from "@clew/proto/grpc/clew/run/v1/run_event";
import { limits } from "./limits.ts";

/** What an event says. */
export type Payload = NonNullable<RunEvent["payload"]>;

/** What an event is called. */
export type EventType = Payload["$case"];

/** An event that is not yet in the journal. */
export interface EventDraft {
  readonly summary: string;
  readonly payload: Payload;
}

/** What the journal's header says of an event. */
export interface EventPlace {
  readonly runId: string;
  readonly sequence: number;
  readonly attempt: number;
  readonly timeMs: number;
  readonly resumeToken: string;
}

/** Encodes what a record's body holds: the event without what its header says, and without the Run's own position. */
export function encodeBody({ summary, payload }: EventDraft): Uint8Array {
  return RunEvent.encode(
    RunEvent.fromPartial({ summary: shorten(summary, limits.summaryChars), payload: withPlace(payload, 0, "") }),
  ).finish();
}

/** Decodes a record's body for a reader: with its place, which also fills in the Run's own position. */
export function decodeBody(body: Uint8Array, place: EventPlace): RunEvent & { readonly payload: Payload } {
  const event = RunEvent.decode(body);
  if (event.payload === undefined) throw new Error("A record without a payload was written.");
  return {
    ...event,
    runId: place.runId,
    sequence: place.sequence,
    attempt: place.attempt,
    time: new Date(place.timeMs),
    resumeToken: place.resumeToken,
    type: event.payload.$case,
    payload: withPlace(event.payload, place.sequence, place.resumeToken),
  };
}

/** Cuts a text to `chars` characters, and shows that it did. */
export function shorten(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1)}…`;
}

function withPlace(payload: Payload, lastSequence: number, resumeToken: string): Payload {
  switch (payload.$case) {
    case "runCreated":
      return payload.value.run === undefined
        ? payload
        : { ...payload, value: { ...payload.value, run: { ...payload.value.run, lastSequence, resumeToken } } };
    case "runFinished":
      return payload.value.run === undefined
        ? payload
        : { ...payload, value: { ...payload.value, run: { ...payload.value.run, lastSequence, resumeToken } } };
    default:
      return payload;
  }
}
