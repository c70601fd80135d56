import { create, toBinary } from "@bufbuild/protobuf";
import { Fault } from "@clew/fault/fault";
import {
  EncodedStreamRunEventsResponse_EventsSchema,
  EncodedStreamRunEventsResponseSchema,
} from "@clew/proto/connect/clew/run/v1/encoded_run_event_pb";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { StreamRunEventsResponse_EndSchema } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { delay } from "@clew/streams/delay";
import { expect, test, vi } from "vitest";
import { Bell } from "./bell.ts";
import type { Events, Frame, Sink } from "./frame.ts";
import { Hub } from "./hub.ts";
import { type Judge, judgeToken } from "./judge.ts";
import { defaultHubLimits, type HubLimits } from "./limits.ts";
import { readRun } from "./read-run.ts";
import type { RunSource, SourceFrame } from "./run-source.ts";
import { systemClock } from "./system-clock.ts";

const runId = "run-1";

/** A journal in memory whose history can be replaced, and what it was asked. */
class Journal implements RunSource {
  epoch = 1;
  /** Whether tokens of other epochs are read on from all the same. */
  isLenient = false;
  /** How far behind the position that is asked for pages begin. */
  offset = 0;
  readonly #summaries: string[] = [];
  /** Streams of an earlier one close. */
  #turn = 0;
  isFinished = false;
  #moved = Promise.withResolvers<void>();
  readonly pages: string[] = [];
  streams = 0;
  opened = 0;

  get tail(): number {
    return this.#summaries.length;
  }

  token(sequence: number): string {
    return `e${this.epoch}.${sequence}`;
  }

  append(count: number, summary = "x"): void {
    for (let n = 0; n < count; n += 1) this.#summaries.push(summary);
    this.#wake();
  }

  finish(): void {
    this.isFinished = true;
    this.#wake();
  }

  /** Cuts the history, as a disk that lied would, and goes on with another. */
  cutTo(sequence: number): void {
    this.#summaries.length = sequence;
    this.epoch += 1;
    this.#wake();
  }

  /** Goes back within the same history, and closes its streams or not. */
  rewindTo(sequence: number, closes: boolean): void {
    this.#summaries.length = sequence;
    if (!closes) return;
    this.#turn += 1;
    this.#wake();
  }

  #wake(): void {
    const moved = this.#moved;
    this.#moved = Promise.withResolvers();
    moved.resolve();
  }

  resolve(after: string): number {
    if (after === "" || /^\d+$/.test(after)) return Number(after);
    if (after === "now") return this.tail;
    const [, epoch, sequence] = /^e(\d+)\.(\d+)$/.exec(after) ?? [];
    if (Number(epoch) !== this.epoch && !this.isLenient) throw new Fault("EPOCH_CHANGED", { details: { earliest: this.token(0) } });
    if (Number(sequence) > this.tail) throw new Fault("FUTURE", { details: { earliest: this.token(0) } });
    return Number(sequence);
  }

  #events(after: number, limit: number): Uint8Array[] {
    return this.#summaries.slice(after, after + limit).map((summary, index) => {
      const sequence = after + index + 1;
      const payload = { case: "pageChanged", value: {} } as const;
      return toBinary(
        RunEventSchema,
        create(RunEventSchema, { runId, sequence, resumeToken: this.token(sequence), type: "pageChanged", summary, payload }),
      );
    });
  }

  async readEvents({ after, limit }: { readonly after: string; readonly limit: number }) {
    this.pages.push(after);
    await delay(1);
    const start = this.resolve(after) + this.offset;
    const { tail } = this;
    return { events: this.#events(start, limit), resumeToken: this.token(start), sequence: start, tail, finished: this.isFinished };
  }

  async *streamRunEvents(_request: object, signal: AbortSignal): AsyncGenerator<SourceFrame> {
    this.streams += 1;
    this.opened += 1;
    const { epoch } = this;
    const turn = this.#turn;
    let at = this.tail;
    const frame = (said: SourceFrame["frame"]) =>
      create(EncodedStreamRunEventsResponseSchema, { resumeToken: `e${epoch}.${at}`, frame: said });
    const left = Promise.withResolvers<never>();
    left.promise.catch(() => {});
    const onAbort = () => left.reject(signal.reason);
    signal.addEventListener("abort", onAbort);
    try {
      yield create(EncodedStreamRunEventsResponseSchema, {
        resumeToken: this.token(at),
        frame: { case: "hello", value: { runId, sequence: at, tail: at } },
      });
      for (;;) {
        const moved = this.#moved.promise;
        // A new history is told by a new stream only.
        if (this.epoch !== epoch || this.#turn !== turn) return;
        if (this.tail > at) {
          const events = this.#events(at, 256);
          at += events.length;
          const value = create(EncodedStreamRunEventsResponse_EventsSchema, { events });
          yield frame({ case: "events", value });
        } else if (this.isFinished) {
          yield frame({ case: "end", value: create(StreamRunEventsResponse_EndSchema, { lastSequence: at }) });
          return;
        } else await Promise.race([moved, left.promise]);
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.streams -= 1;
    }
  }
}

/** Judges as the journal is now. */
const judgeOf =
  (journal: Journal): Judge =>
  async (token) => {
    const sequence = journal.resolve(token);
    return { position: { sequence, token: journal.token(sequence) }, tail: journal.tail, hasAll: false };
  };

function openHub(limits: Partial<HubLimits> = {}) {
  const journal = new Journal();
  const watch = { gap: vi.fn(), reopened: vi.fn(), failed: vi.fn() };
  const all: HubLimits = { ...defaultHubLimits, reopenMs: 5_000, ...limits };
  const hub = new Hub({ source: journal, clock: systemClock, limits: all, watch });
  /** Reads a run from a position to its end, or until it is told to leave. */
  const read = (after = "", signal: AbortSignal = new AbortController().signal, judge = judgeOf(journal)) => {
    const said: string[] = [];
    const bell = new Bell();
    const sink: Sink = {
      hasRoom: true,
      put(frame: Frame) {
        said.push(frame.kind === "reset" ? `reset ${frame.fault.reason}` : frame.kind);
      },
      putEvents({ block, from, to }: Events) {
        for (const line of block.sse(from, to).toString().split("\n\n").slice(0, -1)) {
          const { sequence, summary } = JSON.parse(line.slice(line.indexOf("data: ") + 6));
          said.push(`${sequence}${summary === "x" ? "" : summary}`);
        }
        return to;
      },
    };
    const options = { hub, clock: systemClock, limits: all };
    const done = judgeToken(judge, after, { clock: systemClock, patienceMs: 100, signal }).then((start) =>
      readRun({ runId, start, types: undefined, decoded: false, sink, bell, judge, signal }, options),
    );
    done.catch(() => {});
    return { said, done };
  };
  return { journal, hub, read, watch };
}

const until = (isTrue: () => void) => vi.waitFor(isTrue, { timeout: 20_000 });
const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, index) => `${from + index}`);

test("many readers share one stream, and each page is fetched once", async () => {
  const { journal, hub, read } = openHub();
  journal.append(1_000);
  const readers = Array.from({ length: 50 }, () => read());
  await until(() => expect(readers.every(({ said }) => said.length === 1_001)).toBe(true));
  expect(journal.pages).toHaveLength(2);
  expect(journal.opened).toBe(1);
  journal.append(3);
  journal.finish();
  await Promise.all(readers.map(({ done }) => done));
  for (const { said } of readers) expect(said).toEqual(["hello", ...upTo(1_003), "end"]);
  expect(journal.streams).toBe(0);
  expect(hub.followed).toBe(0);
});

test("readers who come from anywhere share blocks, and a run that is over is read from what is kept", async () => {
  const { journal, read } = openHub();
  journal.append(700);
  journal.finish();
  for (const after of [300, 10, 699, 0, 256, 511]) {
    const { said, done } = read(String(after));
    await done;
    expect(said).toEqual(["hello", ...upTo(700, after + 1), "end"]);
  }
  expect(new Set(journal.pages).size).toBe(journal.pages.length);
  expect(journal.pages.length).toBeLessThanOrEqual(4);
});

test("keeps no more than it may, and reads again what it let go", async () => {
  const { journal, hub, read } = openHub({ cacheBytes: 100_000 });
  journal.append(2_000);
  journal.finish();
  for (let round = 0; round < 2; round += 1) {
    const { said, done } = read();
    await done;
    expect(said).toEqual(["hello", ...upTo(2_000), "end"]);
    expect(hub.cachedBytes).toBeLessThanOrEqual(100_000);
  }
  expect(journal.pages.length).toBeGreaterThan(12);
});

test("tells its readers the end also where nothing may be kept", async () => {
  const { journal, read } = openHub({ cacheBytes: 1 });
  journal.append(1_000);
  journal.finish();
  for (let round = 0; round < 2; round += 1) {
    const { said, done } = read();
    await done;
    expect(said).toEqual(["hello", ...upTo(1_000), "end"]);
  }
});

test("ends the run's stream when its last reader leaves, and forgets nothing that the next one can use", async () => {
  const { journal, hub, read } = openHub();
  journal.append(10);
  const leaving = new AbortController();
  const first = read("", leaving.signal);
  await until(() => expect(first.said).toHaveLength(11));
  leaving.abort(new Fault("CANCELLED"));
  await expect(first.done).rejects.toThrow();
  await until(() => expect(journal.streams).toBe(0));
  expect(hub.cachedBytes).toBeGreaterThan(0);
  journal.append(5);
  journal.finish();
  const second = read();
  await second.done;
  expect(second.said).toEqual(["hello", ...upTo(15), "end"]);
});

test("a history that was replaced while readers wait resets them, and nothing of the old one is told again", async () => {
  const { journal, read } = openHub();
  journal.append(300);
  const readers = [read(), read("200")];
  await until(() => expect(readers.map(({ said }) => said.length)).toEqual([301, 101]));
  journal.cutTo(100);
  journal.append(50, " anew");
  journal.finish();
  await Promise.all(readers.map(({ done }) => done));
  const anew = ["reset EPOCH_CHANGED", ...upTo(100), ...upTo(150, 101).map((sequence) => `${sequence} anew`), "end"];
  expect(readers[0]?.said).toEqual(["hello", ...upTo(300), ...anew]);
  expect(readers[1]?.said).toEqual(["hello", ...upTo(300, 201), ...anew]);
});

test("what was kept of a history is not told to a reader of another one", async () => {
  const { journal, read } = openHub();
  journal.append(300);
  const leaving = new AbortController();
  const first = read("", leaving.signal);
  await until(() => expect(first.said).toHaveLength(301));
  leaving.abort(new Fault("CANCELLED"));
  await first.done.catch(() => {});
  journal.cutTo(5);
  journal.append(5, " anew");
  journal.finish();
  const second = read("3");
  await second.done;
  expect(second.said.filter((word) => !word.startsWith("reset"))).toEqual([
    "hello",
    "4",
    "5",
    ...upTo(10, 6).map((sequence) => `${sequence} anew`),
    "end",
  ]);
});

test("a tail that went back, as a new stream tells, resets who had read beyond it", async () => {
  const { journal, read } = openHub();
  journal.append(300);
  const readers = [read(), read("100")];
  await until(() => expect(readers.map(({ said }) => said.length)).toEqual([301, 201]));
  journal.rewindTo(100, true);
  await until(() => expect(readers.map(({ said }) => said[said.indexOf("300") + 1])).toEqual(["reset FUTURE", "reset FUTURE"]));
  journal.append(50, " anew");
  journal.finish();
  await Promise.all(readers.map(({ done }) => done));
  const anew = ["reset FUTURE", ...upTo(100), ...upTo(150, 101).map((sequence) => `${sequence} anew`), "end"];
  expect(readers[0]?.said).toEqual(["hello", ...upTo(300), ...anew]);
});

test("a tail that went back, as a page tells, resets who had read beyond it, and is not asked for again and again", async () => {
  const { journal, read } = openHub({ cacheBytes: 1 });
  journal.append(300);
  const ahead = read();
  await until(() => expect(ahead.said).toHaveLength(301));
  journal.rewindTo(100, false);
  const pages = journal.pages.length;
  const behind = read("50");
  await until(() => expect(ahead.said).toContain("reset FUTURE"));
  await until(() => expect(behind.said).toEqual(["hello", ...upTo(100, 51)]));
  expect(journal.pages.length - pages).toBeLessThan(20);
  journal.rewindTo(100, true);
  journal.finish();
  await Promise.all([ahead.done, behind.done]);
  expect(ahead.said).toEqual(["hello", ...upTo(300), "reset FUTURE", ...upTo(100), "end"]);
});

test("a history that was replaced by one just as long resets who waits at its tail", async () => {
  const { journal, read } = openHub();
  journal.append(100);
  const { said, done } = read();
  await until(() => expect(said).toHaveLength(101));
  journal.cutTo(50);
  journal.append(50, " anew");
  await until(() => expect(journal.opened).toBe(2));
  journal.append(1, " more");
  journal.finish();
  await done;
  const anew = [...upTo(50), ...upTo(100, 51).map((sequence) => `${sequence} anew`), "101 more", "end"];
  expect(said).toEqual(["hello", ...upTo(100), "reset EPOCH_CHANGED", ...anew]);
});

test("a page of another history is not put behind what is kept, also where its token was taken", async () => {
  const { journal, read } = openHub();
  journal.append(100);
  const judge: Judge = async (token, signal) => {
    if (token.startsWith("e1.")) throw new Fault("EPOCH_CHANGED", { details: { earliest: journal.token(0) } });
    return judgeOf(journal)(token, signal);
  };
  const { said, done } = read("", undefined, judge);
  await until(() => expect(said).toHaveLength(101));
  journal.isLenient = true;
  journal.cutTo(50);
  journal.append(150, " anew");
  journal.finish();
  await done;
  const anew = [...upTo(50), ...upTo(200, 51).map((sequence) => `${sequence} anew`), "end"];
  expect(said).toEqual(["hello", ...upTo(100), "reset EPOCH_CHANGED", ...anew]);
});

test("pages from elsewhere than was asked for end a reader, and are not asked for for ever", async () => {
  const { journal, read, watch } = openHub();
  journal.append(100);
  journal.offset = 1;
  const { said, done } = read();
  await expect(done).rejects.toMatchObject({ reason: "ORCHESTRATOR_UNAVAILABLE" });
  expect(said).toEqual(["hello"]);
  expect(journal.pages).toHaveLength(4);
  expect(watch.gap).not.toHaveBeenCalled();
});

test("two histories told in turn end a reader after a few judgements, who was told nothing of both", async () => {
  const { journal, read } = openHub();
  journal.append(10);
  journal.epoch = 2;
  const judge = vi.fn<Judge>(async () => ({ position: { sequence: 0, token: "e1.0" }, tail: 10, hasAll: false }));
  const { said, done } = read("", undefined, judge);
  await expect(done).rejects.toMatchObject({ reason: "ORCHESTRATOR_UNAVAILABLE" });
  expect(said).toEqual(["hello"]);
  expect(judge).toHaveBeenCalledTimes(4);
});

test("nothing that is kept is read again: a page begins where the block before it ends", async () => {
  const { journal, hub, read } = openHub();
  journal.append(100);
  const leaving = new AbortController();
  const first = read("", leaving.signal);
  await until(() => expect(first.said).toHaveLength(101));
  leaving.abort(new Fault("CANCELLED"));
  await first.done.catch(() => {});
  expect(hub.followed).toBe(0);
  journal.append(100);
  journal.finish();
  const second = read();
  await second.done;
  expect(second.said).toEqual(["hello", ...upTo(200), "end"]);
  expect(journal.pages).toEqual(["0", journal.token(100)]);
});
