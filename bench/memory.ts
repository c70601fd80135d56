import { setTimeout as sleep } from "node:timers/promises";
import { BenchRoom } from "./support/bench-room.ts";
import { Collectable } from "./support/collectable.ts";
import { portOf, startGateway } from "./support/gateway.ts";
import { fine, median, printTable, whole } from "./support/numbers.ts";
import { interruption, readOptions } from "./support/options.ts";
import type { ReaderGroup } from "./support/readers.ts";

/**
 * How much memory of the gateway a reader costs: one of a run in which nothing happens, and one that takes nothing of a run with a long history.
 * Resident memory, before and after they came, of a gateway of its own each time that has served readers before, so that what all of them share
 * is there: what is held, once garbage is collected, and what stands before that. What the kernel holds for their connections is not counted.
 * `node bench/memory.ts [--quick] [--repeats N]`.
 */
const options = readOptions();
const { quick, repeats } = options;
const IDLE = quick ? 300 : 3_000;
const STALLED = quick ? 100 : 500;
const HISTORIES = quick ? [5_000] : [5_000, 50_000];
const WARM = 100;
const TEXT_CHARS = 150;
/** Milliseconds until what was made for a moment is gone; a stalled reader is cut off after 20 s. */
const settleMs = quick ? 1_000 : 5_000;
const needle = '"summary":"@';

const signal = interruption();
await using room = await BenchRoom.open("memory", options);
const readers = await room.readers();
const source = await room.source();
const address = await source.ask("address", undefined);

interface Cost {
  readonly standing: number;
  readonly held: number;
}

/** Bytes of memory that each of so many readers adds. */
async function costOf(history: number, group: Pick<ReaderGroup, "count" | "stalled">): Promise<Cost> {
  const collectable = new Collectable();
  const runId = await source.ask("addRun", { events: history, textLength: TEXT_CHARS });
  await using gateway = await startGateway(address, "server", 0, collectable);
  const reader = { port: portOf(gateway.address), path: `/v1/runs/${runId}/stream`, needle };
  await readers.ask("connect", { ...reader, group: "warm", count: WARM }, signal);
  await readers.ask("until", { group: "warm", events: history }, signal);
  await sleep(settleMs, undefined, { signal });
  const before = await collectable.residentBytes(gateway);
  await readers.ask("connect", { ...reader, ...group, group: "counted" }, signal);
  await sleep(settleMs, undefined, { signal });
  const after = await collectable.residentBytes(gateway);
  for (const name of ["counted", "warm"]) await readers.ask("leave", { group: name });
  return { standing: (after.standing - before.held) / group.count, held: (after.held - before.held) / group.count };
}

const subjects = [
  { name: "idle, of a run with 1 event (goal: ≤ 40 KiB)", history: 1, group: { count: IDLE } },
  ...HISTORIES.map((history) => ({
    name: `stalled, of a run with ${whole(history)} events (goal: ≤ 256 KiB)`,
    history,
    group: { count: STALLED, stalled: true },
  })),
];
const results = subjects.map((): Cost[] => []);
for (let repeat = 0; repeat < repeats; repeat++) {
  for (const [index, { history, group }] of subjects.entries()) results[index]?.push(await costOf(history, group));
}
printTable(
  `${whole(IDLE)} idle and ${whole(STALLED)} stalled readers, ${repeats} repeats in turn, medians.`,
  ["reader", "KiB each, held", "KiB each, with garbage"],
  subjects.map(({ name }, index) => [
    name,
    ...(["held", "standing"] as const).map((key) => fine(median((results[index] ?? []).map((cost) => cost[key])) / 1024)),
  ]),
);
