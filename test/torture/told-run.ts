import { createClew } from "@clew/client";
import { Fault } from "@clew/fault/fault";
import {
  type ClientReader,
  readByPolling,
  readWithClew,
  readWithEventSource,
  readWithEventSourceClient,
} from "../support/client-readers.ts";
import { type CuttingProxy, type Fate, startCuttingProxy } from "../support/cutting-proxy.ts";
import type { Delivery } from "../support/delivery.ts";
import { doors } from "../support/doors.ts";
import type { Fleet } from "../support/fleet.ts";
import { type ManyRunsReader, readManyStubbornly, readManyWithClew } from "../support/many-runs-readers.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import { readStubbornly } from "../support/stubborn-reader.ts";
import type { Door } from "../support/told.ts";
import { beginJob, type Job, type Kinship } from "./jobs.ts";

/** Milliseconds every run and reader has to reach the end. */
const patienceMs = 150_000;
/** Milliseconds that readers have at least once the run is over: how long it takes itself, while all is killed again and again, is the machine's. */
const readersMs = 60_000;

const clients: readonly ClientReader[] = [
  readWithClew("sse"),
  readWithClew("connect"),
  readByPolling,
  readWithEventSource,
  readWithEventSourceClient,
];

const manyRunsReaders: readonly ManyRunsReader[] = [readManyStubbornly, readManyWithClew];

/** How many runs, the newest among them, are read over one connection. */
const together = 3;

/** A run that is over, and all that was told of it. */
export interface Told {
  readonly job: Job;
  readonly deliveries: readonly Delivery[];
}

/** Where runs are begun, read and spoiled. */
export interface Site {
  readonly fleet: Fleet;
  readonly readers: Set<CuttingProxy>;
  readonly spoiled: { total: number };
  /** The runs there are so far, in the order they were begun. */
  readonly begun: string[];
  /** Those that go on. */
  readonly going: Set<string>;
}

/** What a run is told by. */
export interface Telling extends Kinship {
  /** How many read it, of chance's choice; at every door and with every client one unless given. */
  readonly mostReaders?: number;
}

/** Begins one run and has it read until all readers have its end, or their time is up. */
export async function tellOne(site: Site, requestId: string, random: SeededRandom, telling: Telling = {}): Promise<Told> {
  const { fleet } = site;
  await using entry = await startCuttingProxy({ target: () => random.pick(fleet.gateways).address });
  const { parent } = telling;
  // Whoever harms all that goes on harms what this one is to begin in.
  if (parent !== undefined) site.going.add(parent.root);
  const job = await beginJob(createClew({ url: entry.url, patienceMs: 60_000 }), requestId, random, telling);
  const ended = Promise.withResolvers<void>();
  const signal = patienceFor(ended.promise);
  site.begun.push(job.run.id);
  site.going.add(job.run.id);
  const runIds = site.begun.slice(-together);
  const clew = createClew({ url: entry.url, patienceMs: 60_000 });
  const ticketFor = async (runs: readonly string[]) => (await clew.createTicket({ runs: [...runs], ttlSeconds: 3_600 }, { signal })).ticket;
  const watching = watch(job, entry.url, signal).finally(ended.resolve);
  const at = (door: Door) =>
    readThroughProxy(site, door.name, random.fork(door.name), door.name === "grpc", async (url, address) =>
      readStubbornly(
        door,
        {
          url,
          orchestratorAddress: address,
          ...(door.name === "sse" || door.name === "rest" ? { key: await ticketFor([job.run.id]) } : {}),
        },
        {
          runId: job.run.id,
          signal,
          ...(random.fork(door.name).next() < 0.2 && door.name !== "rest" ? { types: ["stepCompleted", "runFinished"] } : {}),
        },
      ),
    );
  const by = (client: ClientReader, index: number) =>
    readThroughProxy(site, `client ${index}`, random.fork(`client ${index}`), false, (url) => client(url, job.run.id, signal));
  const byMany = (read: ManyRunsReader, index: number) =>
    readThroughProxy(site, `many ${index}`, random.fork(`many ${index}`), false, (url) =>
      read({ url, runIds, ticket: () => ticketFor(runIds), signal }),
    );
  const readings = [
    ...doors.map((door) => async () => [await at(door)]),
    ...clients.map((client, index) => async () => [await by(client, index)]),
    ...manyRunsReaders.map((read, index) => () => byMany(read, index)),
  ];
  const chosen = someOf(readings, telling.mostReaders ?? readings.length, random.fork("readers"));
  const deliveries = await Promise.all(chosen.map((reading) => reading()));
  await watching;
  site.going.delete(job.run.id);
  if (parent !== undefined) site.going.delete(parent.root);
  return { job, deliveries: deliveries.flat() };
}

/** So many of them, each as likely as the others. */
function someOf<T>(all: readonly T[], count: number, random: SeededRandom): readonly T[] {
  const left = [...all];
  return Array.from({ length: Math.min(count, all.length) }, () => left.splice(random.integer(0, left.length - 1), 1)).flat();
}

/** Aborts when the time is over that a run and its readers have. */
function patienceFor(ended: Promise<void>): AbortSignal {
  const over = new AbortController();
  let endedAt: number | undefined;
  void ended.then(() => {
    endedAt = performance.now();
  });
  setTimeout(() => {
    const leftMs = endedAt === undefined ? 0 : Math.max(0, endedAt + readersMs - performance.now());
    setTimeout(() => over.abort(new Fault("DEADLINE_EXCEEDED")), leftMs).unref();
  }, patienceMs).unref();
  return over.signal;
}

/** Tells the job how far its run is. */
async function watch(job: Job, url: string, signal: AbortSignal): Promise<void> {
  try {
    for await (const event of createClew({ url, patienceMs: 60_000 }).run(job.run.id).events({ signal })) job.onEvent(event.sequence);
  } catch {
    // Whether a reader reaches the end is the others' business.
  }
}

/** Reads through a proxy of the reader's own, each of whose connections leads to a gateway of chance's and has a fate of chance's. */
async function readThroughProxy<T>(
  { fleet, readers, spoiled }: Site,
  name: string,
  random: SeededRandom,
  isGrpc: boolean,
  read: (url: string, address: string) => Promise<T>,
): Promise<T> {
  await using proxy = await startCuttingProxy({
    target: () => (isGrpc ? fleet.orchestrator.address : random.pick(fleet.gateways).address),
    // EventSource cannot notice a connection that is half open; nobody can for it.
    fate: () => fateOf(random, !name.startsWith("client") || name === "client 0"),
  });
  readers.add(proxy);
  try {
    return await read(proxy.url, proxy.address);
  } finally {
    readers.delete(proxy);
    spoiled.total += proxy.spoiled;
  }
}

function fateOf(random: SeededRandom, mayFreeze: boolean): Fate {
  const chance = random.next();
  const bytes = random.integer(1, 40_000);
  if (chance < 0.45) return {};
  if (chance < 0.55) return { delayMs: random.integer(1, 40) };
  if (chance < 0.58 && mayFreeze) return { freezeAfterBytes: bytes };
  return { cutAfterBytes: bytes };
}
