import { create } from "@bufbuild/protobuf";
import { StreamRunEventsResponse_EndSchema } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { expect, test } from "vitest";
import { BlockCache } from "./block-cache.ts";
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
