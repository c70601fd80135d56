import { join } from "node:path";
import type { Floor } from "./fan-out/floor.ts";
import type { NchanPublisher } from "./fan-out/nchan-publisher.ts";
import { hasNchan, startNginx } from "./fan-out/nginx.ts";
import { BenchRoom } from "./support/bench-room.ts";
import type { Blast } from "./support/blast.ts";
import { cpuSeconds } from "./support/cores.ts";
import { portOf, startGateway } from "./support/gateway.ts";
import { fine, median, printTable, quantile, whole } from "./support/numbers.ts";
import { interruption, readOptions } from "./support/options.ts";
import { Part } from "./support/part.ts";
import type { ReaderGroup } from "./support/readers.ts";

/**
 * How many events a second the gateway hands to many readers of one run, how long one takes, and what it costs, beside a bare node:http server
 * that writes prepared frames, and nginx with nchan. The server that is measured has a core of its own; readers, and whoever says the events,
 * have the other. `node bench/fan-out.ts [--quick] [--repeats N]`.
 */
const options = readOptions();
const { quick, repeats } = options;
const READERS = quick ? 200 : 1_000;
const LOADS = [
  { perSecond: 50, count: quick ? 50 : 250 },
  // More than any of them can deliver to so many: as fast as possible.
  { perSecond: 1_000, count: quick ? 300 : 2_000 },
];
/** Such that the data of an event has 512 bytes, and its frame what comes to that with the token. */
const SUMMARY_CHARS = 150;
const FRAME_BYTES = 548;
const DATA_BYTES = 512;
const needle = '"summary":"@';

/** A server that hands out events. */
interface Subject {
  readonly name: string;
  readonly pid: number;
  /** Makes a stream nobody has read. */
  open(): Promise<{ readonly port: number; readonly path: string; publish(load: Load): Promise<number> }>;
}

interface Load {
  readonly perSecond: number;
  readonly count: number;
}

interface Measured {
  readonly perSecond: number;
  readonly perCpuSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly eventBytes: number;
}

const signal = interruption();
await using room = await BenchRoom.open("fan-out", options);
const readers = await room.readers();

async function startClew(): Promise<Subject> {
  const source = await room.source();
  const gateway = room.use(await startGateway(await source.ask("address", undefined), "server"));
  return {
    name: "Clew's gateway",
    pid: gateway.pid,
    async open() {
      const runId = await source.ask("addRun", { events: 1, textLength: SUMMARY_CHARS });
      const publish = async (load: Load) => (await source.ask("publish", { runId, ...load, textLength: SUMMARY_CHARS }, signal)).startMs;
      return { port: portOf(gateway.address), path: `/v1/runs/${runId}/stream?after=now`, publish };
    },
  };
}

async function startFloor(): Promise<Subject> {
  const floor = await room.part<Floor>("fan-out/floor.ts", "server");
  const port = await floor.ask("port", undefined);
  const publish = (load: Load) => floor.ask("publish", { ...load, frameLength: FRAME_BYTES }, signal);
  return { name: "floor: node:http, prepared frames", pid: floor.pid, open: async () => ({ port, path: "/", publish }) };
}

async function startNchan(): Promise<Subject> {
  const publisher = await room.part<NchanPublisher>("fan-out/nchan-publisher.ts", "client");
  const { pid, port } = room.use(await startNginx(join(room.folder, "nginx"), "server"));
  let opened = 0;
  return {
    name: "nginx with nchan",
    pid,
    async open() {
      opened += 1;
      const channel = `channel${opened}`;
      const publish = (load: Load) => publisher.ask("publish", { port, channel, ...load, textLength: DATA_BYTES }, signal);
      return { port, path: `/subscribe/${channel}`, publish };
    },
  };
}

async function measure(subject: Subject, load: Load): Promise<Measured> {
  const { port, path, publish } = await subject.open();
  const group = { group: "all", count: READERS, port, path, needle, timed: load.perSecond < 1_000 } satisfies ReaderGroup;
  await readers.ask("connect", group, signal);
  await readers.ask("take", { group: "all" });
  const cpuBefore = cpuSeconds(subject.pid);
  const startMs = await publish(load);
  await readers.ask("until", { group: "all", events: load.count }, signal);
  const cpu = cpuSeconds(subject.pid) - cpuBefore;
  const { events, bytes, most, lastAtMs, latenciesMs } = await readers.ask("take", { group: "all" });
  if (events !== READERS * load.count || most !== load.count) throw new Error(`${subject.name} delivered ${events} events.`);
  await readers.ask("leave", { group: "all" });
  return {
    perSecond: events / ((lastAtMs - startMs) / 1_000),
    perCpuSecond: events / cpu,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    eventBytes: bytes / events,
  };
}

/** Events a second that the readers can take when nobody has to think about what to write. */
async function measureReaders(): Promise<number> {
  await using blast = await Part.start<Blast>(new URL("support/blast.ts", import.meta.url), "server");
  const port = await blast.ask("port", undefined);
  await readers.ask("connect", { group: "blast", count: READERS, port, path: "/", needle });
  const startMs = performance.now();
  const events = await blast.ask("blast", { ms: 1_500, frameLength: FRAME_BYTES }, signal);
  await readers.ask("until", { group: "blast", events }, signal);
  const seconds = (performance.now() - startMs) / 1_000;
  await readers.ask("leave", { group: "blast" });
  return (events * READERS) / seconds;
}

const subjects = [await startFloor(), await startClew(), ...(hasNchan() ? [await startNchan()] : [])];
const alone: number[] = [];
const results = LOADS.map(() => subjects.map((): Measured[] => []));
for (const subject of subjects) await measure(subject, { perSecond: 50, count: 25 });
for (let repeat = 0; repeat < repeats; repeat++) {
  alone.push(await measureReaders());
  for (const [at, load] of LOADS.entries()) {
    const order = [...subjects.entries()];
    for (const [index, subject] of repeat % 2 === 0 ? order : order.toReversed()) results[at]?.[index]?.push(await measure(subject, load));
  }
}

const of = (all: readonly Measured[], key: keyof Measured) => median(all.map((one) => one[key]));
for (const [at, load] of LOADS.entries()) {
  const all = results[at] ?? [];
  const ratio = (own: readonly Measured[], key: keyof Measured) =>
    fine(median(own.map((one, repeat) => one[key] / (all[0]?.[repeat]?.[key] ?? Number.NaN))));
  printTable(
    `${READERS} readers, ${load.count} events at ${whole(load.perSecond)} a second, ${repeats} repeats in turn, medians; in brackets: of the floor. The readers alone take ${whole(median(alone))} events a second.`,
    ["what", "bytes an event", "deliveries/s", "deliveries/CPU s", "p50 ms", "p99 ms"],
    subjects.map(({ name }, index) => {
      const own = all[index] ?? [];
      const keys = ["perSecond", "perCpuSecond"] as const;
      const counts = keys.map((key) => `${whole(of(own, key))} (${ratio(own, key)})`);
      const times = (["p50Ms", "p99Ms"] as const).map((key) =>
        Number.isNaN(of(own, key)) ? "" : `${fine(of(own, key))} (${ratio(own, key)})`,
      );
      return [name, whole(of(own, "eventBytes")), ...counts, ...times];
    }),
  );
}
