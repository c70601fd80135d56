import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type SandboxEvent, StreamSandboxEventsResponse } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mountSmallVolume } from "../../../test/support/small-volume.ts";
import { type TempFolder, tempFolder } from "../../../test/support/temp-folder.ts";
import { type EventDraft, openOutbox } from "./outbox.ts";
import { type ReadOutboxOptions, readOutboxFile } from "./read-outbox-file.ts";
import { headerBytes } from "./record.ts";

let temp: TempFolder;
let folder: string;
let file: string;
beforeEach(async () => {
  temp = await tempFolder();
  folder = temp.path;
  file = join(folder, "agent.outbox");
});
afterEach(() => temp[Symbol.asyncDispose]());

function draft(summary: string): EventDraft {
  return { summary, payload: { $case: "pageChanged", value: { url: "https://example.test/", title: summary } } };
}

async function said(
  frames: AsyncIterable<StreamSandboxEventsResponse>,
): Promise<{ summaries: string[]; sequences: number[]; frames: number; tail: number | undefined }> {
  const result = { summaries: [] as string[], sequences: [] as number[], frames: 0, tail: undefined as number | undefined };
  for await (const { frame } of frames) {
    result.frames += 1;
    if (frame?.$case === "end") result.tail = frame.value.tail;
    if (frame?.$case !== "events") continue;
    result.summaries.push(...frame.value.events.map(({ summary }) => summary));
    result.sequences.push(...frame.value.events.map(({ sequence }) => sequence));
  }
  return result;
}

describe("an outbox", () => {
  it("streams what was said in order, then what comes, then the end", async () => {
    using outbox = openOutbox({ file });
    expect(await outbox.append(draft("a"))).toBe(1);
    const reading = said(outbox.stream(0));
    await setImmediate();
    expect(await outbox.append(draft("b"))).toBe(2);
    await outbox.finish();
    expect(await reading).toMatchObject({ summaries: ["a", "b"], sequences: [1, 2], tail: 2 });
  });

  it("puts what is said in one turn of the event loop into one frame", async () => {
    using outbox = openOutbox({ file });
    const reading = said(outbox.stream(0));
    await setImmediate();
    await Promise.all(Array.from({ length: 100 }, (_, index) => outbox.append(draft(String(index)))));
    await outbox.finish();
    expect((await reading).frames).toBeLessThanOrEqual(3);
  });

  it("keeps each frame within 1 MiB", async () => {
    using outbox = openOutbox({ file });
    for (let index = 0; index < 80; index += 1) await outbox.append(draft("x".repeat(30_000)));
    await outbox.finish();
    const sizes: number[] = [];
    for await (const frame of outbox.stream(0)) sizes.push(StreamSandboxEventsResponse.encode(frame).finish().length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1024 * 1024);
    expect(sizes.length).toBeGreaterThan(4);
  });

  it("beats while nothing is said, with its tail", async () => {
    using outbox = openOutbox({ file, heartbeatMs: 20 });
    await outbox.append(draft("a"));
    for await (const { frame } of outbox.stream(1)) {
      expect(frame).toMatchObject({ $case: "heartbeat", value: { tail: 1 } });
      break;
    }
  });

  it("leaves no wait behind when its reader leaves", async () => {
    using outbox = openOutbox({ file, heartbeatMs: 5 });
    for await (const _ of outbox.stream(0)) break;
    const leaving = new AbortController();
    const reading = said(outbox.stream(0, { signal: leaving.signal }));
    leaving.abort(new Error("left"));
    await expect(reading).rejects.toThrow("left");
  });

  it("refuses a position it has not reached", async () => {
    using outbox = openOutbox({ file });
    await expect(said(outbox.stream(1))).rejects.toMatchObject({ reason: "FUTURE" });
  });

  it("[weakness 9] makes its writer wait while too many events are unacknowledged, in the order of the calls", async () => {
    using outbox = openOutbox({ file, maxEvents: 2 });
    const order: number[] = [];
    const appends = ["a", "b", "c", "d", "e"].map(async (name) => order.push(await outbox.append(draft(name))));
    await setImmediate();
    expect(order).toEqual([1, 2]);
    outbox.acknowledge(1);
    await setImmediate();
    expect(order).toEqual([1, 2, 3]);
    outbox.acknowledge(3);
    await Promise.all(appends);
    expect(order).toEqual([1, 2, 3, 4, 5]);
  });

  it("makes its writer wait while too many bytes are unacknowledged", async () => {
    using outbox = openOutbox({ file, maxBytes: 1_000 });
    await outbox.append(draft("x".repeat(600)));
    const second = outbox.append(draft("b"));
    await setImmediate();
    expect(outbox.tail).toBe(1);
    outbox.acknowledge(1);
    expect(await second).toBe(2);
  });

  it("lets a waiting writer leave without a gap and without holding up the next", async () => {
    using outbox = openOutbox({ file, maxEvents: 1 });
    await outbox.append(draft("a"));
    const leaving = new AbortController();
    const left = outbox.append(draft("never"), { signal: leaving.signal });
    const next = outbox.append(draft("b"));
    leaving.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");
    outbox.acknowledge(1);
    expect(await next).toBe(2);
    await outbox.finish();
    expect((await said(outbox.stream(0))).summaries).toEqual(["a", "b"]);
  });

  it("writes its end after those who wait, also when it is full", async () => {
    using outbox = openOutbox({ file, maxEvents: 1 });
    await outbox.append(draft("a"));
    const waiting = outbox.append(draft("b"));
    const finishing = outbox.finish();
    await expect(outbox.append(draft("c"))).rejects.toThrow("finished");
    outbox.acknowledge(1);
    await Promise.all([waiting, finishing]);
    expect(await readOutboxFile(file)).toMatchObject({ events: [{ summary: "a" }, { summary: "b" }], complete: true });
  });

  it("answers the intent barrier only when that event is acknowledged", async () => {
    using outbox = openOutbox({ file });
    const sequence = await outbox.append(draft("a"));
    let durable = false;
    const waiting = outbox.waitAcknowledged(sequence).then(() => (durable = true));
    await setImmediate();
    expect(durable).toBe(false);
    outbox.acknowledge(5);
    await waiting;
    expect(outbox.acknowledged.value).toBe(1);
  });

  it("refuses an event over 64 KiB and goes on without a gap", async () => {
    using outbox = openOutbox({ file });
    await expect(outbox.append(draft("x".repeat(64 * 1024)))).rejects.toMatchObject({ reason: "EVENT_TOO_LARGE" });
    expect(await outbox.append(draft("a"))).toBe(1);
  });

  it("on a disk without room says what it had, then why nothing follows, for good; whoever waits is told too", async (context) => {
    await using volume = await mountSmallVolume(context, 1);
    const full = join(volume.folder, "agent.outbox");
    using outbox = openOutbox({ file: full, maxEvents: 2 });
    await outbox.append(draft("a"));
    const reading = said(outbox.stream(0));
    const filler = await volume.fill();
    const refused = { reason: "VOLUME_FULL" };
    const large = draft("x".repeat(8_000));
    const waiting = [outbox.append(large), outbox.append(large), outbox.append(draft("c"))].map((append) => append.catch((error) => error));
    expect(await Promise.all(waiting)).toMatchObject([refused, refused, refused]);
    await expect(reading).rejects.toMatchObject(refused);
    await rm(filler);
    await expect(outbox.append(draft("d"))).rejects.toMatchObject(refused);
    await expect(outbox.finish()).rejects.toMatchObject(refused);
    const left = outbox.stream(0);
    expect((await left.next()).value).toMatchObject({ frame: { value: { events: [{ summary: "a" }] } } });
    await expect(left.next()).rejects.toMatchObject(refused);
    expect(await readOutboxFile(full)).toMatchObject({ events: [{ summary: "a" }], complete: false });
  });

  it("ends its readers and waiters with SHUTTING_DOWN when it is closed", async () => {
    const outbox = openOutbox({ file, maxEvents: 1 });
    await outbox.append(draft("a"));
    const all = Promise.allSettled([said(outbox.stream(1)), outbox.append(draft("b")), outbox.waitAcknowledged(1)]);
    await setImmediate();
    outbox[Symbol.dispose]();
    for (const result of await all) expect(result).toMatchObject({ status: "rejected", reason: { reason: "SHUTTING_DOWN" } });
    await expect(outbox.append(draft("c"))).rejects.toMatchObject({ reason: "SHUTTING_DOWN" });
  });
});

describe("an outbox file", () => {
  it("cut at every byte reopens with the whole events before the cut, and goes on from there", async () => {
    {
      using outbox = openOutbox({ file });
      for (const name of ["a", "bb", "ccc"]) await outbox.append(draft(name));
      await outbox.finish();
    }
    const whole = readFileSync(file);
    const cutFile = join(folder, "cut");
    let known = 0;
    for (let length = 0; length <= whole.length; length += 1) {
      writeFileSync(cutFile, whole.subarray(0, length));
      const left = await readOutboxFile(cutFile);
      expect(left.events.length).toBeGreaterThanOrEqual(known);
      known = left.events.length;
      expect(left.events.map(({ summary }) => summary)).toEqual(["a", "bb", "ccc"].slice(0, known));
      expect(left.complete).toBe(length === whole.length);
      using outbox = openOutbox({ file: cutFile });
      expect(outbox.tail).toBe(known);
      expect(outbox.finished).toBe(left.complete);
      if (left.complete) continue;
      expect(await outbox.append(draft("next"))).toBe(known + 1);
      expect((await readOutboxFile(cutFile)).events.map(({ summary }) => summary)).toEqual([...["a", "bb", "ccc"].slice(0, known), "next"]);
    }
    expect(known).toBe(3);
  });

  it("flipped at any byte gives a prefix of what was said, never anything else", async () => {
    const names = ["a", "bb", "ccc"];
    {
      using outbox = openOutbox({ file });
      for (const name of names) await outbox.append(draft(name));
      await outbox.finish();
    }
    const whole = readFileSync(file);
    const flipped = join(folder, "flipped");
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ bits;
        writeFileSync(flipped, bytes);
        const { events, complete } = await readOutboxFile(flipped);
        expect(complete).toBe(false);
        expect(events.map(({ summary }) => summary)).toEqual(names.slice(0, events.length));
      }),
      { numRuns: 300 },
    );
  });

  it("ends where zeros follow, as after a power cut", async () => {
    {
      using outbox = openOutbox({ file });
      await outbox.append(draft("a"));
    }
    truncateSync(file, readFileSync(file).length + 4096);
    expect(await readOutboxFile(file)).toMatchObject({ events: [{ summary: "a" }], complete: false });
  });

  it("ends where an event is out of its order", async () => {
    {
      using outbox = openOutbox({ file });
      await outbox.append(draft("a"));
    }
    appendFileSync(file, readFileSync(file));
    expect((await readOutboxFile(file)).events).toHaveLength(1);
  });

  it("is read until the signal says that it is enough", async () => {
    {
      using outbox = openOutbox({ file });
      await outbox.append(draft("a"));
    }
    await expect(readOutboxFile(file, { signal: AbortSignal.abort(new Error("Enough.")) })).rejects.toThrow("Enough.");
  });

  it("[weakness 9] holds, for any texts and any bounds, exactly what was said in order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 300 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 2_000 }),
        async (texts, maxEvents, maxBytes) => {
          const path = join(folder, crypto.randomUUID());
          using outbox = openOutbox({ file: path, maxEvents, maxBytes });
          const writing = Promise.all(texts.map((text) => outbox.append(draft(text)))).then(() => outbox.finish());
          const received: string[] = [];
          for await (const { frame } of outbox.stream(0)) {
            if (frame?.$case !== "events") continue;
            expect(frame.value.events.length).toBeLessThanOrEqual(maxEvents);
            for (const { sequence, summary } of frame.value.events) {
              received.push(summary);
              expect(sequence).toBe(received.length);
            }
            outbox.acknowledge(received.length);
          }
          await writing;
          expect(received).toEqual(texts);
          const after = Math.floor(texts.length / 2);
          expect((await readOutboxFile(path, { after })).events.map(({ summary }: SandboxEvent) => summary)).toEqual(texts.slice(after));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("that is missing, a link, a pipe or a folder holds nothing", async () => {
    expect(await readOutboxFile(file)).toEqual({ events: [], complete: false });
    symlinkSync("/etc/passwd", file);
    expect(await readOutboxFile(file)).toEqual({ events: [], complete: false });
    expect(await readOutboxFile(folder)).toEqual({ events: [], complete: false });
    execFileSync("/usr/bin/mkfifo", [join(folder, "pipe")]);
    expect(await readOutboxFile(join(folder, "pipe"))).toEqual({ events: [], complete: false });
  });

  it("is not read where it is known already, but for the sizes of its records", async () => {
    using outbox = openOutbox({ file });
    for (const name of ["a", "b", "c"]) await outbox.append(draft(name));
    const bytes = readFileSync(file);
    bytes.fill(0xff, headerBytes, headerBytes + bytes.readUInt32BE(0));
    writeFileSync(file, bytes);
    expect((await readOutboxFile(file, { after: 1 })).events.map(({ summary }) => summary)).toEqual(["b", "c"]);
    expect((await readOutboxFile(file)).events).toEqual([]);
  });

  it("of a producer that wrote more than any may is read up to a bound, in events, in bytes, and before them", async () => {
    using outbox = openOutbox({ file });
    for (let index = 0; index < 100; index++) await outbox.append(draft("x".repeat(1_000)));
    const read = async (options: ReadOutboxOptions) => (await readOutboxFile(file, options)).events.length;
    expect(await read({ maxEvents: 7 })).toBe(7);
    expect(await read({ maxBytes: 20_500 })).toBeLessThan(20);
    expect(await read({ after: 50 })).toBe(50);
    expect(await read({ after: 50, maxSkippedBytes: 20_000 })).toBe(0);
  });

  it("leaves the event loop free while much of it is passed over", async () => {
    using outbox = openOutbox({ file, maxEvents: 100_000 });
    for (let index = 0; index < 20_000; index++) await outbox.append(draft("x".repeat(100)));
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 0);
    await readOutboxFile(file, { after: 20_000 });
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(0);
  });
});
