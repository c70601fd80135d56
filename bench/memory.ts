import { setTimeout as sleep } from "node:timers/promises";
import { BenchRoom } from "./support/bench-room.ts";
import { Collectable } from "./support/collectable.ts";
import { portOf, startGateway } from "./support/gateway.ts";
import { fine, median, printTable, whole } from "./support/numbers.ts";
import { interruption, readOptions } from "./support/options.ts";

/**
 * How much memory of the gateway a reader costs: one of a run in which nothing happens, and one that takes nothing of runs with a history, which
 * others read as well, or nobody else, so that what it holds is held for it alone.
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
/** More events than a gateway keeps (64 MiB); in a hurry, some. */
const FILLING = quick ? 20_000 : 150_000;
/** Events of a run that one stalled reader has for itself: some blocks of them. */
const OWN = 600;
const RUNS_EACH = 10;
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

interface Subject {
  readonly name: string;
  readonly count: number;
  readonly stalled?: boolean;
  /** Events of each of its runs. */
  readonly events: number;
  /** How many runs each reader has, which no other reader has; one that all of them share unless given. */
  readonly runsEach?: number;
}

const addRun = (events: number) => source.ask("addRun", { events, textLength: TEXT_CHARS });

/** What each reader of a subject asks for. */
async function pathsOf({ count, events, runsEach }: Subject): Promise<readonly string[]> {
  if (runsEach === undefined) return [`/v1/runs/${await addRun(events)}/stream`];
  const paths: string[] = [];
  for (let reader = 0; reader < count; reader++) {
    const runs: string[] = [];
    for (let run = 0; run < runsEach; run++) runs.push(await addRun(events));
    paths.push(runsEach === 1 ? `/v1/runs/${runs[0]}/stream` : `/v1/streams?runs=${runs.join()}`);
  }
  return paths;
}

/** Bytes of memory that each of so many readers adds. */
async function costOf(subject: Subject, filling: string): Promise<Cost> {
  const { count, stalled = false, events } = subject;
  const collectable = new Collectable();
  const paths = await pathsOf(subject);
  await using gateway = await startGateway(address, "server", 0, collectable);
  const reader = { port: portOf(gateway.address), needle, stalled };
  const groups = paths.map((path, index) => ({ ...reader, group: `counted ${index}`, path, count: count / paths.length }));
  // What the gateway keeps of runs is full before: from then on a block stays only for as long as somebody holds it.
  const warm = [
    { group: "filling", path: filling, count: 1, events: FILLING },
    { group: "warm", path: `/v1/runs/${await addRun(events)}/stream`, count: WARM, events },
  ];
  for (const { events, ...group } of warm) {
    await readers.ask("connect", { ...reader, ...group, stalled: false }, signal);
    await readers.ask("until", { group: group.group, events }, signal);
  }
  await sleep(settleMs, undefined, { signal });
  const before = await collectable.residentBytes(gateway);
  for (const group of groups) await readers.ask("connect", group, signal);
  await sleep(settleMs, undefined, { signal });
  const after = await collectable.residentBytes(gateway);
  for (const { group } of [...groups, ...warm]) await readers.ask("leave", { group });
  return { standing: (after.standing - before.held) / count, held: (after.held - before.held) / count };
}

const subjects: readonly Subject[] = [
  { name: "idle, of a run with 1 event (goal: ≤ 40 KiB)", count: IDLE, events: 1 },
  ...HISTORIES.map((events) => ({ name: `stalled, all of one run with ${whole(events)} events`, count: STALLED, stalled: true, events })),
  { name: "stalled, each of a run of its own (goal: ≤ 256 KiB)", count: STALLED, stalled: true, events: OWN, runsEach: 1 },
  {
    name: `stalled, each of ${RUNS_EACH} runs of its own (/v1/streams)`,
    count: STALLED / RUNS_EACH,
    stalled: true,
    events: OWN,
    runsEach: RUNS_EACH,
  },
];
const filling = `/v1/runs/${await addRun(FILLING)}/stream`;
const results = subjects.map((): Cost[] => []);
for (let repeat = 0; repeat < repeats; repeat++) {
  for (const [index, subject] of subjects.entries()) results[index]?.push(await costOf(subject, filling));
}
printTable(
  `${whole(IDLE)} idle and ${whole(STALLED)} stalled readers, ${repeats} repeats in turn, medians.`,
  ["reader", "KiB each, held", "KiB each, with garbage"],
  subjects.map(({ name }, index) => [
    name,
    ...(["held", "standing"] as const).map((key) => fine(median((results[index] ?? []).map((cost) => cost[key])) / 1024)),
  ]),
);
