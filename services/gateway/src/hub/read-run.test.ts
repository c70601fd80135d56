import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { create, toBinary } from "@bufbuild/protobuf";
import { EncodedStreamRunEventsResponseSchema } from "@clew/proto/connect/clew/run/v1/encoded_run_event_pb";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { abortable } from "@clew/streams/abortable";
import { expect, test, vi } from "vitest";
import { Bell } from "./bell.ts";
import type { Block } from "./block.ts";
import type { Sink } from "./frame.ts";
import { HandClock } from "./hand-clock.fixture.ts";
import { Hub } from "./hub.ts";
import { defaultHubLimits } from "./limits.ts";
import { readRun } from "./read-run.ts";
import type { RunSource } from "./run-source.ts";
import { systemClock } from "./system-clock.ts";

const tail = 1_000;
const summary = "x".repeat(600);

/** Runs of so many events each, in which nothing happens any more. */
const source: RunSource = {
  async readEvents({ runId, after, limit }) {
    const sequence = Number(after.replace("c1.", ""));
    const events = Array.from({ length: Math.min(limit, tail - sequence) }, (_, index) => {
      const place = { runId, sequence: sequence + 1 + index, resumeToken: `c1.${sequence + 1 + index}` };
      return toBinary(RunEventSchema, create(RunEventSchema, { ...place, type: "pageChanged", summary }));
    });
    return { events, resumeToken: `c1.${sequence}`, sequence, tail, finished: false };
  },
  async *streamRunEvents({ runId }, signal) {
    const value = { runId, sequence: tail, tail };
    yield create(EncodedStreamRunEventsResponseSchema, { resumeToken: `c1.${tail}`, frame: { case: "hello", value } });
    await abortable(new Promise(() => {}), signal);
  },
};

/** Collects garbage: the flag makes it known to contexts made from then on. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}

test("a reader that has no room holds no block: what waits for it is what its socket has", async () => {
  const limits = { ...defaultHubLimits, cacheBytes: 200_000 };
  using hub = new Hub({ source, clock: systemClock, limits, watch: { gap() {}, reopened() {}, failed() {} } });
  const leaving = new AbortController();
  const { signal } = leaving;
  const read = (runId: string, sink: Sink) => {
    const start = { position: { sequence: 0, token: "c1.0" }, tail, hasAll: false };
    const judge = async () => start;
    const done = readRun(
      { runId, start, types: undefined, decoded: false, sink, bell: new Bell(), judge, signal },
      { hub, clock: systemClock, limits },
    );
    done.catch(() => {});
    return done;
  };
  const put = () => {};
  let held: WeakRef<Block> | undefined;
  const stalled = {
    hasRoom: true,
    put,
    putEvents({ block, to }: { readonly block: Block; readonly to: number }) {
      held = new WeakRef(block);
      stalled.hasRoom = false;
      return to;
    },
  };
  const reading = [read("run-1", stalled)];
  await vi.waitFor(() => expect(held).toBeDefined(), 10_000);
  // Others read, until the cache has let go of what that one had.
  let last = 0;
  const putEvents = ({ to }: { readonly to: number }) => {
    last = to;
    return to;
  };
  reading.push(read("run-2", { hasRoom: true, put, putEvents }));
  await vi.waitFor(() => expect(last).toBe(tail), 10_000);
  const collect = collector();
  await vi.waitFor(() => {
    collect();
    expect(held?.deref()).toBeUndefined();
  }, 10_000);
  leaving.abort(new Error("The test is over."));
  await Promise.allSettled(reading);
});

test("a reader is never silent for as long as a beat, and says where it stands no oftener than twice in one", async () => {
  const clock = new HandClock();
  const limits = defaultHubLimits;
  using hub = new Hub({ source, clock, limits, watch: { gap() {}, reopened() {}, failed() {} } });
  const leaving = new AbortController();
  const start = { position: { sequence: tail, token: `c1.${tail}` }, tail, hasAll: false };
  const said: number[] = [];
  const sink: Sink = { hasRoom: true, put: () => void said.push(clock.now()), putEvents: ({ to }) => to };
  const done = readRun(
    { runId: "quiet", start, types: undefined, decoded: false, sink, bell: new Bell(), judge: async () => start, signal: leaving.signal },
    { hub, clock, limits },
  );
  await vi.waitFor(() => expect(said).toEqual([0]));
  await new Promise<void>((resolve) => setImmediate(resolve));
  clock.goTo(10 * limits.beatMs);
  const silences = said.slice(1).map((at, index) => at - (said[index] ?? 0));
  expect(silences.length).toBeGreaterThanOrEqual(10);
  for (const silence of silences) {
    expect(silence).toBeLessThanOrEqual(limits.beatMs);
    expect(silence).toBeGreaterThanOrEqual(limits.beatMs / 2);
  }
  leaving.abort(new Error("left"));
  await expect(done).rejects.toThrow("left");
});
