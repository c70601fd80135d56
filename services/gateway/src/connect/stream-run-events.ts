import type { MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { Fault, invalidRequest } from "@clew/fault/fault";
import {
  type StreamRunEventsRequest,
  type StreamRunEventsResponse,
  StreamRunEventsResponseSchema,
} from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { linkSignals } from "@clew/streams/linked-signal";
import { comeBackMs, isPlannedEnd, type OpenStreams } from "../http/open-streams.ts";
import { Bell } from "../hub/bell.ts";
import { typeViolations, wantedTypes } from "../hub/event-types.ts";
import type { Events, Frame, Sink } from "../hub/frame.ts";
import { judgeToken } from "../hub/judge.ts";
import { heartbeatMs } from "../hub/limits.ts";
import { type ReadOptions, readRun } from "../hub/read-run.ts";
import { createJudge } from "../upstream/run-source.ts";
import type { Upstream } from "../upstream/upstream.ts";

/** What following a run at a typed door needs. */
export interface TypedStreamOptions extends ReadOptions {
  readonly upstream: Upstream;
  readonly streams: OpenStreams;
}

/**
 * Follows a run for a Connect or gRPC-Web reader, as every other reader: from the hub. After `end` the stream closes.
 *
 * @throws Fault where it cannot be followed, or goes on elsewhere: `reconnect` is then its last frame.
 */
export async function* streamRunEvents(
  { runId, resumeToken, types: asked }: StreamRunEventsRequest,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  options: TypedStreamOptions,
): AsyncGenerator<StreamRunEventsResponse, void, undefined> {
  const [violation] = typeViolations(asked);
  if (violation !== undefined) throw invalidRequest([violation]);
  const { clock, limits, streams, upstream } = options;
  using link = linkSignals(signal);
  using _open = streams.enter(link, "connect");
  const judge = createJudge(upstream, runId, headers);
  const start = await judgeToken(judge, resumeToken, { clock, patienceMs: limits.openMs, signal: link.signal });
  if (start.lost !== undefined) throw start.lost;
  const bell = new Bell();
  const taken = new Bell();
  const sink = new MessageSink(runId, taken.ring);
  const types = wantedTypes(asked, start.types);
  let isOver = false;
  const reading = readRun({ runId, start, types, decoded: true, sink, bell, judge, signal: link.signal }, options).finally(() => {
    isOver = true;
    taken.ring();
  });
  // Whoever awaits it comes later than it may fail.
  reading.catch(() => {});
  try {
    while (!isOver || !sink.hasRoom) {
      yield* sink.take();
      if (sink.hasRoom) {
        bell.ring();
        if (!isOver) await taken.wait();
      }
    }
    await reading;
  } catch (error) {
    const fault = Fault.from(error);
    if (isPlannedEnd(fault))
      yield create(StreamRunEventsResponseSchema, { frame: { case: "reconnect", value: { afterMs: comeBackMs(clock) } } });
    throw fault;
  } finally {
    link.abort(new Fault("CANCELLED"));
  }
}

/** Holds what one look at the hub brought until it is taken. */
class MessageSink implements Sink {
  readonly #runId: string;
  readonly #onPut: () => void;
  readonly #waiting: MessageInitShape<typeof StreamRunEventsResponseSchema>[] = [];

  constructor(runId: string, onPut: () => void) {
    this.#runId = runId;
    this.#onPut = onPut;
  }

  get hasRoom(): boolean {
    return this.#waiting.length === 0;
  }

  putEvents({ block, from, to }: Events): number {
    this.#wait({ resumeToken: block.tokenAt(to), frame: { case: "events", value: { events: block.messages(from, to) } } });
    return to;
  }

  put(frame: Frame): void {
    if (frame.kind === "reset") throw frame.fault;
    this.#wait(toMessage(this.#runId, frame));
  }

  #wait(message: MessageInitShape<typeof StreamRunEventsResponseSchema>): void {
    this.#waiting.push(message);
    this.#onPut();
  }

  /** Hands out what waits. There is no room before the last of it was written. */
  *take(): Generator<StreamRunEventsResponse, void, undefined> {
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      yield create(StreamRunEventsResponseSchema, next);
      this.#waiting.shift();
    }
  }
}

function toMessage(runId: string, frame: Exclude<Frame, { kind: "reset" }>): MessageInitShape<typeof StreamRunEventsResponseSchema> {
  switch (frame.kind) {
    case "hello":
      return {
        resumeToken: frame.position.token,
        frame: { case: "hello", value: { runId, sequence: frame.position.sequence, tail: frame.tail, heartbeatMs } },
      };
    case "checkpoint":
      return { resumeToken: frame.position.token, frame: { case: "checkpoint", value: {} } };
    case "end":
      return { resumeToken: frame.end.position.token, frame: { case: "end", value: frame.end.said } };
  }
}
