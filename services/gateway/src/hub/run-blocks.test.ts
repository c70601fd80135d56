import { create, toBinary } from "@bufbuild/protobuf";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { StreamRunEventsResponse_EndSchema } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Block, blockBytes, blockEvents } from "./block.ts";
import { BlockCache } from "./block-cache.ts";
import { EventEncoder } from "./encode-events.ts";
import { RunBlocks } from "./run-blocks.ts";

const playbook = "x".repeat(60_000);
const end = () => ({
  position: { sequence: 7, token: "c1.7" },
  said: create(StreamRunEventsResponse_EndSchema, { run: { spec: { work: { case: "playbook", value: playbook } } }, lastSequence: 7 }),
});

test("ends count towards what may be kept, and those unused for longest go first", () => {
  const cache = new BlockCache(2_000_000);
  const runs = Array.from({ length: 20 }, () => new RunBlocks(cache));
  for (const run of runs) {
    run.keepEnd(end());
    expect(runs[0]?.end).toBeDefined();
  }
  expect(cache.bytes).toBeGreaterThan(playbook.length);
  expect(cache.bytes).toBeLessThanOrEqual(2_000_000);
  expect(runs.filter((run) => !run.isEmpty).length).toBeLessThan(10);
  expect(runs.map((run) => run.end !== undefined)).toEqual(runs.map((run) => !run.isEmpty));
  for (const run of runs) run.forget();
  expect(cache.bytes).toBe(0);
});

const lengths = [10, 700, 20, 3_000, 30];
/** A long event now and then. */
const longEvery = 97;
const positionAt = (sequence: number) => ({ sequence, token: `c1.${sequence}` });
const wireAt = (sequence: number) => {
  const summary = "x".repeat(sequence % longEvery === 0 ? 60_000 : (lengths[sequence % lengths.length] ?? 0));
  return toBinary(RunEventSchema, create(RunEventSchema, { sequence, resumeToken: `c1.${sequence}`, type: "logWritten", summary }));
};

test("events that come in any pieces, some of them twice, are each in one block, as they were encoded", () => {
  const pieces = fc.array(fc.record({ after: fc.nat(500), count: fc.nat(400) }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(pieces, fc.boolean(), (all, keepsMessages) => {
      const run = new RunBlocks(new BlockCache(1_000_000_000));
      run.keepsMessages = keepsMessages;
      const encoder = new EventEncoder();
      const given = new Map<number, string>();
      for (const { after, count } of all) {
        const { events, bytes } = encoder.encode(Array.from({ length: count }, (_, index) => wireAt(after + 1 + index)));
        for (const { sequence, start, end: last } of events) given.set(sequence, bytes.toString("latin1", start, last));
        run.append(positionAt(after), events, bytes);
      }
      const blocks = new Set<Block>();
      for (const [sequence, text] of given) {
        const block = run.holding(sequence);
        expect(block?.sse(sequence, sequence).toString("latin1")).toBe(text);
        expect(block?.tokenAt(sequence - 1)).toBe(`c1.${sequence - 1}`);
        expect(block?.messages(sequence, sequence).map((event) => event.sequence)).toEqual(keepsMessages ? [sequence] : []);
        if (block !== undefined) blocks.add(block);
      }
      const held = [...blocks].flatMap((block) => Array.from({ length: block.count }, (_, index) => block.before.sequence + 1 + index));
      expect(held.toSorted((one, other) => one - other)).toEqual([...given.keys()].toSorted((one, other) => one - other));
      for (const block of blocks) {
        expect(block.count).toBeLessThanOrEqual(blockEvents);
        if (block.count > 1) expect(block.sse(block.before.sequence + 1, block.last).length).toBeLessThanOrEqual(blockBytes);
      }
    }),
    { numRuns: 8 },
  );
});
