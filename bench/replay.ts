import { join } from "node:path";
import type { DurableStreamsServer } from "./replay/durable-streams.ts";
import { BenchRoom } from "./support/bench-room.ts";
import { nowMs } from "./support/clock.ts";
import { cpuSeconds } from "./support/cores.ts";
import { portOf, startGateway } from "./support/gateway.ts";
import { fine, median, printTable, whole } from "./support/numbers.ts";
import { interruption, readOptions } from "./support/options.ts";
import { startProducingOrchestrator } from "./support/producing.ts";
import { type WrittenRun, writeRun } from "./support/write-run.ts";

/**
 * How many events a second one reader gets of a run that ended long ago: the first one, and the next, from what the gateway keeps; what an event costs the services; and how long
 * it takes to resume at places spread over short and long runs, in blocks that the gateway may not have. `--durable-streams F` puts npm's @durable-streams/server beside it, installed in
 * that folder, with its files. `node bench/replay.ts [--quick] [--repeats N] [--folder F] [--durable-streams F]`.
 */
const options = readOptions();
const { quick, repeats, durableStreams } = options;
const EVENTS = quick ? 10_000 : 100_000;
const LENGTHS = quick ? [1_000, 10_000] : [1_000, 10_000, 100_000, 200_000];
const RESUMES = quick ? 5 : 25;
/** Events from one place to the next: a gateway that has read one has nothing of the other. */
const APART = 5_000;
/** Such that the data of an event has 512 bytes. */
const TEXT_CHARS = 139;
const DATA_BYTES = 512;
const needle = '"summary":"@';

const signal = interruption();
await using room = await BenchRoom.open("replay", options);
const readers = await room.readers();
const volume = join(room.folder, "volume");
const replayed = await writeRun(volume, EVENTS, TEXT_CHARS);
const other = await writeRun(volume, EVENTS / 5, TEXT_CHARS);
const resumed: (readonly Place[])[] = [];
for (const length of LENGTHS) resumed.push(await placesIn(length));
const orchestrator = room.use(await startProducingOrchestrator(volume, "client"));

interface Replayed {
  readonly perSecond: number;
  readonly eventBytes: number;
  /** What an event cost each process, all its threads together. */
  readonly cpuMicros: readonly number[];
}

/** Events a second from the request to the last event, and what they cost the processes with these ids. */
async function replay(port: number, path: string, events: number, pids: readonly number[] = []): Promise<Replayed> {
  const before = pids.map(cpuSeconds);
  const startMs = nowMs();
  await readers.ask("connect", { group: "one", count: 1, port, path, needle }, signal);
  await readers.ask("until", { group: "one", events }, signal);
  const { lastAtMs, bytes } = await readers.ask("take", { group: "one" });
  await readers.ask("leave", { group: "one" });
  const cpuMicros = pids.map((pid, index) => ((cpuSeconds(pid) - (before[index] ?? 0)) * 1_000_000) / events);
  return { perSecond: events / ((lastAtMs - startMs) / 1_000), eventBytes: bytes / events, cpuMicros };
}

interface Place {
  readonly run: WrittenRun;
  readonly after: number;
}

/** Places spread over as many runs of a length as it takes for each to be far from all others. */
async function placesIn(length: number): Promise<readonly Place[]> {
  const places: Place[] = [];
  const perRun = Math.max(1, Math.min(RESUMES, Math.floor(length / APART)));
  while (places.length < RESUMES) {
    const run = await writeRun(volume, length, TEXT_CHARS);
    const step = run.marked / perRun;
    for (let place = 0; place < perRun; place++) places.push({ run, after: Math.floor((place + 0.5) * step) });
  }
  return places.slice(0, RESUMES);
}

/** Milliseconds from a request that resumes after an event of a run to the next event. */
async function resume(port: number, { run: { id }, after }: Place): Promise<number> {
  const url = `http://127.0.0.1:${port}/v1/runs/${id}/events?after=${after}&limit=1`;
  const { nextResumeToken }: { readonly nextResumeToken: string } = await (await fetch(url, { signal })).json();
  const path = `/v1/runs/${id}/stream?after=${nextResumeToken}`;
  const startMs = nowMs();
  await readers.ask("connect", { group: "one", count: 1, port, path, needle }, signal);
  await readers.ask("until", { group: "one", events: 1 }, signal);
  const { firstAtMs } = await readers.ask("take", { group: "one" });
  await readers.ask("leave", { group: "one" });
  return firstAtMs - startMs;
}

async function startDurableStreams(folder: string): Promise<() => Promise<Replayed>> {
  const server = await room.part<DurableStreamsServer>("replay/durable-streams.ts", "server", [folder, join(room.folder, "streams")]);
  const [port, path] = [await server.ask("port", undefined), await server.ask("write", { events: EVENTS, bytes: DATA_BYTES }, signal)];
  return () => replay(port, `${path}?offset=-1&live=sse`, EVENTS);
}

const beside = durableStreams === undefined ? undefined : await startDurableStreams(durableStreams);
const replays = new Map<string, Replayed[]>();
const resumes = resumed.map((): number[] => []);
const note = (name: string, one: Replayed) => replays.set(name, [...(replays.get(name) ?? []), one]);
for (let repeat = 0; repeat < repeats; repeat++) {
  // A gateway of its own each time: nothing of the run is kept in it.
  await using gateway = await startGateway(orchestrator.address, "server");
  const port = portOf(gateway.address);
  const path = `/v1/runs/${replayed.id}/stream`;
  // It has served another run before, as a gateway has that is not just starting.
  await replay(port, `/v1/runs/${other.id}/stream`, other.marked);
  const pids = [orchestrator.pid, gateway.pid];
  note("the first reader (goal: ≥ 100,000)", await replay(port, path, replayed.marked, pids));
  note("the next (goal: ≥ 400,000)", await replay(port, path, replayed.marked, pids));
  if (beside !== undefined) note("@durable-streams/server, file-backed", await beside());
  // Whoever comes first warms up what all of them share; who that is changes with each repeat.
  await resume(port, { run: other, after: Math.floor(other.marked / 2) });
  for (let turn = 0; turn < resumed.length; turn++) {
    const index = (turn + repeat) % resumed.length;
    const times: number[] = [];
    for (const place of resumed[index] ?? []) times.push(await resume(port, place));
    resumes[index]?.push(median(times));
  }
}
printTable(
  `One reader of a finished run of ${whole(EVENTS)} events, ${repeats} repeats, medians.`,
  ["reader", "bytes an event", "events/s", "orchestrator, µs of CPU an event", "gateway"],
  [...replays].map(([name, all]) => [
    name,
    whole(median(all.map(({ eventBytes }) => eventBytes))),
    whole(median(all.map(({ perSecond }) => perSecond))),
    ...[0, 1].map((service) => fine(median(all.map(({ cpuMicros }) => cpuMicros[service] ?? Number.NaN)))),
  ]),
);
const [shortest = []] = resumes;
printTable(
  `Resuming at places all over the run, the median of ${RESUMES}, of ${repeats} repeats (goal: ratio ≤ 1.5).`,
  ["events of the run", "ms to the next event", "of the shortest"],
  resumes.map((all, index) => [
    whole(LENGTHS[index] ?? 0),
    fine(median(all)),
    fine(median(all.map((ms, repeat) => ms / (shortest[repeat] ?? Number.NaN)))),
  ]),
);
