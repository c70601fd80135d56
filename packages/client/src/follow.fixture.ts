import { Fault } from "@clew/fault/fault";
import { sampleRunId, tokenAfter } from "../../../test/support/sample-run.ts";
import type { EventTransport, Frame, StreamRequest } from "./event-transport.ts";
import { type FollowOptions, follow } from "./follow.ts";
import type { RunEvent } from "./run-event.ts";

/** One connection, opened after a sequence. */
export type Connection = (after: number, request: StreamRequest) => AsyncIterable<Frame>;

/** A transport whose n-th connection is the n-th given; the last one serves all that follow. */
export function scripted(...connections: readonly Connection[]) {
  const opened: StreamRequest[] = [];
  const transport: EventTransport = (request) => {
    const connection = connections[Math.min(opened.length, connections.length - 1)];
    opened.push(request);
    if (connection === undefined) throw new Error("no connection is scripted");
    return connection(sequenceOf(request.after), request);
  };
  return { transport, opened };
}

function sequenceOf(after: string): number {
  return after === "" ? 0 : Number(after.replace("c1.sample-", ""));
}

/** The first frame of a connection. */
export const hello = (after: number, heartbeatMs = 1000): Frame => ({
  kind: "hello",
  token: tokenAfter(after),
  sequence: undefined,
  heartbeatMs,
});
/** A frame of events. */
export const carry = (...events: readonly RunEvent[]): Frame => ({ kind: "events", events });
/** The last frame. */
export const end = (lastSequence: number | undefined): Frame => ({ kind: "end", lastSequence });

/** A connection that serves a journal as the protocol says. */
export const serving = (events: readonly RunEvent[]): Connection =>
  async function* (after) {
    yield hello(after);
    yield carry(...events.slice(after));
    yield end(events.length);
  };

/** Options that wait for nothing. */
export const unhurried = { signal: new AbortController().signal, connectPatienceMs: 5_000, reconnectPatienceMs: 5_000, backoffMs: 0 };

/** Follows the sample run; answers what came, and the Fault that ended it. */
export async function collect(
  transport: EventTransport,
  options: Partial<FollowOptions> = {},
): Promise<{ readonly sequences: number[]; readonly fault?: Fault }> {
  const sequences: number[] = [];
  try {
    for await (const event of follow(transport, sampleRunId, { ...unhurried, ...options })) sequences.push(event.sequence);
  } catch (thrown) {
    return { sequences, fault: Fault.from(thrown) };
  }
  return { sequences };
}

/** The sequences from one to another. */
export const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
