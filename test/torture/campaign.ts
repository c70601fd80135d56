import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { checkJournal } from "@clew/cli/verify/check-journal";
import { openJournal } from "@clew/cli/verify/open-journal";
import { createClew } from "@clew/client";
import { delay } from "@clew/streams/delay";
import { parseLogLine, readable } from "../../scripts/service-process.ts";
import {
  type ClientReader,
  readByPolling,
  readWithClew,
  readWithEventSource,
  readWithEventSourceClient,
} from "../support/client-readers.ts";
import { type CuttingProxy, type Fate, startCuttingProxy } from "../support/cutting-proxy.ts";
import { checkDelivery, checkRecord, type Delivery, type KnownEvent, knownEvents } from "../support/delivery.ts";
import { doors, readerAt } from "../support/doors.ts";
import { type Fleet, startFleet } from "../support/fleet.ts";
import { restDoor } from "../support/http-doors.ts";
import { type ManyRunsReader, readManyStubbornly, readManyWithClew } from "../support/many-runs-readers.ts";
import { sandboxProcesses } from "../support/sandbox-processes.ts";
import { type SeededRandom, seededRandom } from "../support/seeded-random.ts";
import { readStubbornly } from "../support/stubborn-reader.ts";
import type { Door } from "../support/told.ts";
import { type FaultsDone, wreakHavoc } from "./faults.ts";
import { beginJob, type Job } from "./jobs.ts";

/** What a campaign is. */
export interface CampaignOptions {
  readonly runs: number;
  readonly seed: number;
  /** Milliseconds after which no new run is begun, once `atLeast` were. */
  readonly budgetMs?: number;
  /** How many there are to be however long it takes; none unless given. */
  readonly atLeast?: number;
  readonly gateways?: number;
  /** Runs at the same time. */
  readonly side?: number;
  readonly say?: (line: string) => void;
}

/** What came of it. */
export interface CampaignReport {
  readonly seed: number;
  readonly runs: number;
  /** How the runs ended, by state and reason. */
  readonly ends: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<string, number>;
  readonly readers: number;
  readonly connections: number;
  readonly events: number;
  /** Connections that the proxies cut or froze. */
  readonly spoiled: number;
  readonly seconds: number;
  /** What broke a promise; empty where nothing did. */
  readonly problems: readonly string[];
  /** What is left of runs that are over: processes, sockets and folders. */
  readonly leftovers: readonly string[];
}

/** Milliseconds every run and reader has to reach the end. */
const patienceMs = 150_000;

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

/** Runs real services, real sandboxes and many readers at all doors while processes are killed and connections cut, and checks all that was told. */
export async function runCampaign({
  runs,
  seed,
  budgetMs = Number.POSITIVE_INFINITY,
  atLeast = 0,
  gateways = 2,
  side = 3,
  say = () => {},
}: CampaignOptions): Promise<CampaignReport> {
  const random = seededRandom(seed);
  const startedAt = performance.now();
  await using stack = new AsyncDisposableStack();
  let upstream: CuttingProxy | undefined;
  const fleet = await startFleet({
    gateways,
    env: { CLEW_MAX_CONCURRENT_RUNS: String(side) },
    async between(address) {
      upstream = await startCuttingProxy({ target: () => address });
      return upstream.address;
    },
    onLine: (service, line) => (parseLogLine(line)?.level ?? 50) >= 50 && say(`  ${service}: ${readable(line)}`),
  });
  if (upstream === undefined) throw new Error("no proxy stands between gateways and orchestrator");
  stack.use(upstream);
  stack.use(fleet);
  const readers = new Set<CuttingProxy>();
  const spoiled = { total: 0 };
  const begun: string[] = [];
  const ending = new AbortController();
  const havoc = wreakHavoc(
    { fleet, upstream, readers, onFault: (what) => say(`${clock(startedAt)} ${what}`) },
    random.fork("faults"),
    ending.signal,
  );
  const waiting = Array.from({ length: runs }, (_, index) => index);
  const done: Told[] = [];
  const worker = async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      if (index >= atLeast && performance.now() - startedAt > budgetMs) return;
      const told = await tellOne({ fleet, readers, spoiled, begun }, `${seed}-${index}`, random.fork(`run ${index}`));
      done.push(told);
      say(`${clock(startedAt)} run ${done.length}: ${told.job.kind} ${told.job.run.id}`);
    }
  };
  const worked = await Promise.allSettled(Array.from({ length: side + 1 }, worker));
  ending.abort();
  const faults = await havoc;
  const problems = worked.flatMap((result) => (result.status === "rejected" ? [`a run could not be begun: ${String(result.reason)}`] : []));
  const { ends, found } = await judge(fleet, done, faults);
  problems.push(...found);
  const leftovers = await leftOn(fleet);
  for (const { job } of done) await job[Symbol.asyncDispose]();
  const deliveries = done.flatMap((told) => told.deliveries);
  return {
    seed,
    runs: done.length,
    ends,
    faults: faults.counts,
    readers: deliveries.length,
    connections: deliveries.reduce((sum, { connections }) => sum + connections.length, 0),
    events: deliveries.reduce(
      (sum, { connections }) => sum + connections.reduce((all, { told }) => all + told.filter(({ kind }) => kind === "event").length, 0),
      0,
    ),
    spoiled: spoiled.total,
    seconds: (performance.now() - startedAt) / 1000,
    problems,
    leftovers,
  };
}

interface Told {
  readonly job: Job;
  readonly deliveries: readonly Delivery[];
}

interface Site {
  readonly fleet: Fleet;
  readonly readers: Set<CuttingProxy>;
  readonly spoiled: { total: number };
  /** The runs there are so far, in the order they were begun. */
  readonly begun: string[];
}

/** Begins one run and has it read at every door and by every client until all have its end, or their time is up. */
async function tellOne(site: Site, requestId: string, random: SeededRandom): Promise<Told> {
  const { fleet } = site;
  await using entry = await startCuttingProxy({ target: () => random.pick(fleet.gateways).address });
  const job = await beginJob(createClew({ url: entry.url, patienceMs: 60_000 }), requestId, random);
  const signal = AbortSignal.timeout(patienceMs);
  site.begun.push(job.run.id);
  const runIds = site.begun.slice(-together);
  const clew = createClew({ url: entry.url, patienceMs: 60_000 });
  const ticketFor = async (runs: readonly string[]) => (await clew.createTicket({ runs: [...runs], ttlSeconds: 3_600 }, { signal })).ticket;
  const watching = watch(job, entry.url, signal);
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
  const [one, many] = await Promise.all([Promise.all([...doors.map(at), ...clients.map(by)]), Promise.all(manyRunsReaders.map(byMany))]);
  await watching;
  return { job, deliveries: [...one, ...many.flat()] };
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

/** Checks all that was told against what a direct reader finds, now that nothing is disturbed any more. */
async function judge(fleet: Fleet, done: readonly Told[], { harmed }: FaultsDone): Promise<{ ends: Map<string, number>; found: string[] }> {
  const url = `http://${fleet.gateways[0].address}`;
  const at = { url, orchestratorAddress: fleet.orchestrator.address };
  const clew = createClew({ url });
  const found: string[] = [];
  const ends = new Map<string, number>();
  const records = new Map<string, readonly KnownEvent[]>();
  for (const { job } of done) {
    const record = knownEvents(await readerAt(restDoor)(at, job.run.id));
    records.set(job.run.id, record);
    found.push(...checkRecord(record).map((problem) => `${job.run.id}: ${problem}`));
    found.push(...(await verify(fleet, job.run.id, record.length)));
    found.push(...job.check(record, harmed.has(job.run.id)));
    const { state, outcome } = await clew.getRun(job.run.id);
    const reason = outcome?.error?.reason ?? state;
    const end = reason === state ? state : `${state} ${reason}`;
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  // Who reads many runs reads some that others began.
  for (const delivery of done.flatMap(({ deliveries }) => deliveries))
    found.push(...checkDelivery(delivery, records.get(delivery.runId) ?? []));
  const listed = await Array.fromAsync(clew.listRuns({ pageSize: 100 }));
  if (listed.length !== done.length) found.push(`${done.length} runs were asked for, and there are ${listed.length}`);
  return { ends, found };
}

/** Checks a journal on the disk, record by record. */
async function verify({ volume }: Fleet, runId: string, events: number): Promise<string[]> {
  await using journal = await openJournal(join(volume, "runs", runId, "journal"));
  const verdict = await checkJournal(journal);
  return verdict.kind === "sound" && verdict.events === events ? [] : [`the journal of ${runId} is ${verdict.kind}`];
}

/** What is left of runs that are over: nothing may be. */
async function leftOn({ volume, socketFolder }: Fleet): Promise<string[]> {
  const look = async () => {
    const left = sandboxProcesses(volume).map(({ pid, command }) => `process ${pid} is left: ${command.slice(0, 100)}`);
    for (const entry of await readdir(socketFolder)) left.push(`${entry} is left among the sockets`);
    for (const run of await readdir(join(volume, "runs"))) {
      const inside = await readdir(join(volume, "runs", run));
      left.push(...inside.filter((name) => /^(work-|sandbox\.json|artifact\..*\.tmp)/.test(name)).map((name) => `${run}/${name} is left`));
    }
    return left;
  };
  for (const until = performance.now() + 20_000; performance.now() < until; await delay(200)) if ((await look()).length === 0) return [];
  return await look();
}

function clock(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1).padStart(6)} s`;
}
