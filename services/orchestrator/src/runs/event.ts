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

/** Encodes what a record's body holds: the event without what its header says, and without the Run's own position and time. */
export function encodeBody({ summary, payload }: EventDraft): Uint8Array {
  return RunEvent.encode(
    RunEvent.fromPartial({ summary: shorten(summary, limits.summaryChars), payload: withPlace(payload, nowhere) }),
  ).finish();
}

/** Decodes a record's body for a reader: with its place, which also fills in the Run's own position and time. */
export function decodeBody(body: Uint8Array, place: EventPlace): RunEvent & { readonly payload: Payload } {
  const event = RunEvent.decode(body);
  if (event.payload === undefined) throw new Error("A record without a payload was written.");
  const time = new Date(place.timeMs);
  return {
    ...event,
    runId: place.runId,
    sequence: place.sequence,
    attempt: place.attempt,
    time,
    resumeToken: place.resumeToken,
    type: event.payload.$case,
    payload: withPlace(event.payload, { lastSequence: place.sequence, resumeToken: place.resumeToken, time }),
  };
}

/** Cuts a text to `chars` characters, and shows that it did. */
export function shorten(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1)}…`;
}

/** What a Run within an event says of its own position, which the journal's header knows. */
interface RunPlace {
  readonly lastSequence: number;
  readonly resumeToken: string;
  readonly time: Date | undefined;
}

const nowhere: RunPlace = { lastSequence: 0, resumeToken: "", time: undefined };

/** Puts a Run's position into the events that carry one; a Run is created and ends when the journal says so. */
function withPlace(payload: Payload, { lastSequence, resumeToken, time }: RunPlace): Payload {
  if (payload.$case !== "runCreated" && payload.$case !== "runFinished") return payload;
  const { run } = payload.value;
  if (run === undefined) return payload;
  return payload.$case === "runCreated"
    ? { ...payload, value: { ...payload.value, run: { ...run, lastSequence, resumeToken, createTime: time } } }
    : { ...payload, value: { ...payload.value, run: { ...run, lastSequence, resumeToken, endTime: time } } };
}
