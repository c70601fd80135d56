import { join } from "node:path";
import type { Floor } from "./fan-out/floor.ts";
import { BenchRoom } from "./support/bench-room.ts";
import { portOf, startGateway } from "./support/gateway.ts";
import { fine, median, printTable, quantile } from "./support/numbers.ts";
import { interruption, readOptions } from "./support/options.ts";
import { createLoadRun, startProducingOrchestrator } from "./support/producing.ts";
import type { GroupCount } from "./support/readers.ts";

/**
 * How long an event takes from an agent's outbox through orchestrator, journal, fsync and gateway to each of 100 readers, at 50 a second,
 * beside a bare node:http server that writes the events it makes itself. `node bench/latency.ts [--quick] [--repeats N] [--folder F]`.
 */
const options = readOptions();
const { quick, repeats } = options;
const READERS = 100;
const PER_SECOND = 50;
const WARM_UP = 50;
const EVENTS = quick ? 50 : 500;
const FRAME_BYTES = 1_000;

const signal = interruption();
await using room = await BenchRoom.open("latency", options);
const readers = await room.readers();
const floor = await room.part<Floor>("fan-out/floor.ts", "server");
const orchestrator = room.use(await startProducingOrchestrator(join(room.folder, "volume")));
const gateway = room.use(await startGateway(orchestrator.address, "server"));

/** The latencies of the events after the warm-up, to all readers. */
async function timed(begun: Promise<unknown> | undefined): Promise<readonly number[]> {
  await readers.ask("until", { group: "all", events: WARM_UP }, signal);
  const { fewest }: GroupCount = await readers.ask("take", { group: "all" });
  await readers.ask("until", { group: "all", events: WARM_UP + EVENTS - fewest }, signal);
  await begun;
  const { latenciesMs } = await readers.ask("take", { group: "all" });
  await readers.ask("leave", { group: "all" });
  return latenciesMs;
}

async function throughClew(): Promise<readonly number[]> {
  const load = { perSecond: PER_SECOND, pacedMs: ((WARM_UP + EVENTS) * 1_000) / PER_SECOND, flatOutMs: 0 };
  const id = await createLoadRun(gateway.address, load, signal);
  const path = `/v1/runs/${id}/stream`;
  await readers.ask("connect", {
    group: "all",
    count: READERS,
    port: portOf(gateway.address),
    path,
    needle: '"resultText":"@',
    timed: true,
  });
  return await timed(undefined);
}

async function throughFloor(): Promise<readonly number[]> {
  const port = await floor.ask("port", undefined);
  await readers.ask("connect", { group: "all", count: READERS, port, path: "/", needle: '"summary":"@', timed: true });
  return await timed(floor.ask("publish", { count: WARM_UP + EVENTS, perSecond: PER_SECOND, frameLength: FRAME_BYTES }));
}

const results: { readonly clew: readonly number[]; readonly floor: readonly number[] }[] = [];
for (let repeat = 0; repeat < repeats; repeat++) results.push({ clew: await throughClew(), floor: await throughFloor() });
const shares = [0.5, 0.99];
const row = (name: string, of: (one: (typeof results)[number]) => readonly number[]) => [
  name,
  ...shares.map((share) => fine(median(results.map((one) => quantile(of(one), share))))),
];
printTable(
  `${READERS} readers, ${EVENTS} events at ${PER_SECOND} a second, fsync on, ${repeats} repeats in turn, medians.`,
  ["what", "p50 ms", "p99 ms"],
  [row("floor: node:http", (one) => one.floor), row("Clew: outbox, journal, gateway (goal: p99 ≤ 15)", (one) => one.clew)],
);
