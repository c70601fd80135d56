import { connect } from "node:http2";
import { Fault } from "@clew/fault/fault";
import { implement, startGrpcServer } from "@clew/grpc/server";
import { Producer } from "@clew/journal-format/record";
import { EncodedStreamRunEventsResponse as Frame } from "@clew/proto/grpc/clew/run/v1/encoded_run_event";
import { RunServiceService, StreamRunEventsRequest } from "@clew/proto/grpc/clew/run/v1/run_service";
import { Tail } from "@clew/streams/tail";
import { afterEach, beforeEach, expect, it } from "vitest";
import { encodeBody } from "../runs/event.ts";
import { warningRaised } from "../supervisor/phrases.ts";
import { caller, startRuns, type TestRuns } from "../supervisor/runs-test-kit.ts";
import { streamRunEvents } from "./stream-run-events.ts";

const kibibyte = 1024;

let running: TestRuns;
beforeEach(async () => {
  running = await startRuns({ slots: 0 });
});
afterEach(() => running[Symbol.asyncDispose]());

/** Makes a run with a history of so many events besides its first. */
async function history(events: number, chars: number): Promise<string> {
  const runId = await running.create();
  using view = await running.runs.view(runId, caller);
  const body = encodeBody(warningRaised("X", "x".repeat(chars)));
  const draft = { attempt: 0, producer: Producer.ORCHESTRATOR, producerSequence: 0, body };
  await view.journal.append(Array.from({ length: events }, () => draft));
  return runId;
}

const sizeOf = (frame: Frame) => Frame.encode(frame).finish().byteLength;

it.each([
  { events: 2_000, chars: 10 },
  { events: 300, chars: 3_000 },
  { events: 20, chars: 60_000 },
])("reads a history of $events events of $chars characters in frames of at most 128 KiB", async ({ events, chars }) => {
  const request = StreamRunEventsRequest.fromPartial({ runId: await history(events, chars) });
  const sizes: number[] = [];
  let told = 0;
  for await (const frame of streamRunEvents(request, caller, running.runs, AbortSignal.timeout(15_000))) {
    sizes.push(sizeOf(frame));
    if (frame.frame?.$case === "events") told += frame.frame.value.events.length;
    if (told > events) break;
  }
  expect(told).toBeGreaterThan(events);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(128 * kibibyte);
});

it.each([
  { events: 20_000, chars: 10 },
  { events: 1_000, chars: 3_000 },
])("holds at most 256 KiB for a reader that takes nothing, of events of $chars characters", async ({ events, chars }) => {
  const runId = await history(events, chars);
  const ended = new Tail();
  let made = 0;
  const method = {
    ...RunServiceService.streamRunEvents,
    responseSerialize: (frame: Frame) => Buffer.from(Frame.encode(frame).finish()),
    responseDeserialize: (bytes: Buffer) => Frame.decode(bytes),
  };
  const service = implement(
    { streamRunEvents: method },
    {
      async *streamRunEvents(request, { signal }) {
        try {
          for await (const frame of streamRunEvents(request, caller, running.runs, signal)) {
            made += sizeOf(frame);
            yield frame;
          }
        } finally {
          ended.moveTo(1);
        }
      },
    },
  );
  await using server = await startGrpcServer({ address: "127.0.0.1:0", stallMs: 300, services: [service] });
  const session = connect(`http://127.0.0.1:${server.port}`);
  try {
    const call = session.request({ ":method": "POST", ":path": method.path, "content-type": "application/grpc", te: "trailers" });
    const message = StreamRunEventsRequest.encode(StreamRunEventsRequest.fromPartial({ runId })).finish();
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.byteLength, 1);
    call.on("error", () => {});
    call.end(Buffer.concat([prefix, message]));
    await ended.waitAbove(0, { signal: AbortSignal.timeout(10_000) });
    // What HTTP/2's window let through is the reader's.
    expect(made).toBeLessThanOrEqual((256 + 64) * kibibyte);
    expect(made).toBeGreaterThan(64 * kibibyte);
  } finally {
    session.destroy();
  }
});

it.each([
  [0, 1_000],
  [0.5, 1_500],
  [0.9999, 2_000],
])("tells readers before a shutdown to come again, each at a time of its own: %f is after %i ms", async (random, afterMs) => {
  const stopping = new AbortController();
  const request = StreamRunEventsRequest.fromPartial({ runId: await running.create() });
  const said: Frame["frame"][] = [];
  const reading = (async () => {
    for await (const { frame } of streamRunEvents(request, caller, running.runs, stopping.signal, () => random)) {
      said.push(frame);
      if (frame?.$case === "events") stopping.abort(new Fault("SHUTTING_DOWN"));
    }
  })();
  await expect(reading).rejects.toMatchObject({ reason: "SHUTTING_DOWN" });
  expect(said.at(-1)).toEqual({ $case: "reconnect", value: { afterMs } });
});
