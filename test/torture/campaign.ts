import { parseLogLine, readable } from "../../scripts/service-process.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { type Fleet, startFleet } from "../support/fleet.ts";
import { type SeededRandom, seededRandom } from "../support/seeded-random.ts";
import { checkCounters } from "./counters.ts";
import { wreakHavoc } from "./faults.ts";
import type { Parent } from "./jobs.ts";
import { countEnds, judge, type Records, readRecords } from "./judge.ts";
import { leftBehind } from "./left-behind.ts";
import { checkShortEnd, killShortRun, oneAfterTheOther, serveShortPage } from "./short-run.ts";
import { type Told, tellOne } from "./told-run.ts";

/** How sandboxes are kept apart. */
export type Tier = "bubblewrap" | "process";

/** So many runs of one kind. */
export interface Stint {
  readonly runs: number;
  /** Milliseconds after which no new one is begun, once `atLeast` were. */
  readonly budgetMs?: number;
  /** How many there are to be however long it takes; none unless given. */
  readonly atLeast?: number;
}

/** What a campaign is. */
export interface CampaignOptions {
  readonly seed: number;
  /** Runs that are read at all doors while services and sandboxes are killed, paused and cut. */
  readonly told?: Stint;
  /** The same with few readers each, most of which go on in the sandbox that another left: many runs in the time of few. */
  readonly chained?: Stint;
  /** The shortest of runs, each with a kill at an instant of its own. */
  readonly short?: Stint;
  /** One batch so, the next so, unless given. */
  readonly tier?: Tier | undefined;
  readonly gateways?: number;
  /** Runs at the same time. */
  readonly side?: number;
  readonly say?: (line: string) => void;
  /** Has no further run begin; those that go on are told to their end, and judged. */
  readonly signal?: AbortSignal;
}

/** What came of it. */
export interface CampaignReport {
  readonly seed: number;
  readonly runs: number;
  /** How many runs had a sandbox of each tier. */
  readonly tiers: ReadonlyMap<string, number>;
  /** How many runs had a sandbox that had waited for one. */
  readonly warm: number;
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
  /** What was left when a batch of runs was over: processes, sockets, folders and mounts. */
  readonly leftovers: readonly string[];
}

/** The kinds of runs, in their order. */
const kinds = ["told", "chained", "short"] as const;

/** After so many runs of a kind, all that go on are waited for, and it is looked what is left. */
const batchRuns = { told: 40, chained: 400, short: 40 };

/** Milliseconds from one fault to the next; where most are to go on in the same sandbox, those must last for some runs. */
const pauses = { told: [200, 2_500], chained: [2_000, 18_000] } as const;

/** What runs of a chain are told by: how many read one, and for how many seconds the next may begin in its sandbox. */
const chain = { mostReaders: 3, keepAliveSeconds: 10 };

/** Runs real services, real sandboxes and many readers at all doors while processes are killed and connections cut, and checks all that was told, and that nothing is left. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { seed, gateways = 2, side = 3, say = () => {}, signal } = options;
  const random = seededRandom(seed);
  const startedAt = performance.now();
  await using stack = new AsyncDisposableStack();
  const tiers = tiersOf(options.tier, random.fork("tiers"));
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
  const page = stack.use(await serveShortPage());
  const campaign: Campaign = {
    fleet,
    upstream,
    page,
    readers: new Set(),
    spoiled: { total: 0 },
    begun: [],
    going: new Set(),
    harmed: new Set(),
    faults: new Map(),
    told: [],
    problems: [],
    workers: side + 1,
    say: (line) => say(`${clock(startedAt)} ${line}`),
  };
  const records: Records = new Map();
  const byTier = new Map<string, number>();
  const leftovers: string[] = [];
  for (const batch of kinds) {
    const beginAt = performance.now();
    const { runs = 0, atLeast = 0, budgetMs = Number.POSITIVE_INFINITY } = options[batch] ?? {};
    for (let from = 0; from < runs; from += batchRuns[batch]) {
      const isTimeOver = (index: number) => signal?.aborted === true || (index >= atLeast && performance.now() - beginAt > budgetMs);
      if (isTimeOver(from)) break;
      const tier = tiers.next().value;
      // Short runs take sandboxes that wait, where there is one.
      const mayWait = batch === "short" ? 1 : 0;
      await fleet.orchestrator.restart("SIGTERM", { CLEW_SANDBOX: tier, CLEW_WARM_SANDBOXES: String(mayWait) });
      const before = campaign.begun.length;
      const indexes = Array.from({ length: Math.min(batchRuns[batch], runs - from) }, (_, index) => from + index);
      const told = campaign.told.length;
      await batches[batch](campaign, indexes, isTimeOver, seed, random.fork(`${batch} ${from}`));
      const ended = campaign.begun.slice(before);
      campaign.problems.push(...(await readRecords(fleet, ended, records)));
      campaign.problems.push(...judge(campaign.told.slice(told), records, campaign.harmed));
      for (const { job } of campaign.told.slice(told)) await job[Symbol.asyncDispose]();
      if (batch === "short")
        campaign.problems.push(...ended.flatMap((id) => checkShortEnd(id, records.get(id) ?? [], campaign.harmed.has(id))));
      const left = await leftBehind(fleet, mayWait);
      leftovers.push(...left);
      campaign.problems.push(...(await checkCounters(fleet, records, side)));
      byTier.set(tier, (byTier.get(tier) ?? 0) + ended.length);
      campaign.say(`${ended.length} ${batch} runs in ${tier}: ${left.length} left-overs, ${campaign.problems.length} problems so far`);
    }
  }
  const ends = await countEnds(fleet, campaign.begun);
  await fleet.stop();
  leftovers.push(...(await leftBehind(fleet)).map((left) => `after the end: ${left}`));
  const deliveries = campaign.told.flatMap((told) => told.deliveries);
  const connections = deliveries.flatMap((delivery) => delivery.connections);
  return {
    seed,
    runs: campaign.begun.length,
    tiers: byTier,
    warm: [...records.values()].filter((events) => events.some(({ json }) => json.includes('"warm":true'))).length,
    ends,
    faults: campaign.faults,
    readers: deliveries.length,
    connections: connections.length,
    events: connections.reduce((sum, { told }) => sum + told.filter(({ kind }) => kind === "event").length, 0),
    spoiled: campaign.spoiled.total,
    seconds: (performance.now() - startedAt) / 1000,
    problems: campaign.problems,
    leftovers,
  };
}

/** A campaign under way. */
interface Campaign {
  readonly fleet: Fleet;
  readonly upstream: CuttingProxy;
  readonly page: Awaited<ReturnType<typeof serveShortPage>>;
  readonly readers: Set<CuttingProxy>;
  readonly spoiled: { total: number };
  /** The runs there are so far, in the order they were begun. */
  readonly begun: string[];
  readonly going: Set<string>;
  readonly harmed: Set<string>;
  readonly faults: Map<string, number>;
  readonly told: Told[];
  readonly problems: string[];
  /** One more than there are slots, so that some wait. */
  readonly workers: number;
  readonly say: (line: string) => void;
}

type Batch = (
  campaign: Campaign,
  indexes: readonly number[],
  isTimeOver: (index: number) => boolean,
  seed: number,
  random: SeededRandom,
) => Promise<void>;

/** Runs that are read at all doors, while chance does harm to all there is. */
const tellBatch: Batch = (campaign, indexes, isTimeOver, seed, random) =>
  underHavoc(campaign, random, pauses.told, () =>
    work(campaign, indexes, isTimeOver, async (index) => {
      note(campaign, await tellOne(campaign, `${seed}-${index}`, random.fork(`run ${index}`)));
    }),
  );

/** Runs of which most continue another, while chance does harm to all there is. */
const chainBatch: Batch = async (campaign, indexes, isTimeOver, seed, random) => {
  const parents: Parent[] = [];
  await underHavoc(campaign, random, pauses.chained, () =>
    work(campaign, indexes, isTimeOver, async (index) => {
      const telling = { ...chain, parent: parents.shift() };
      const told = await tellOne(campaign, `${seed}-chained-${index}`, random.fork(`run ${index}`), telling);
      note(campaign, told);
      parents.push(told.job.parent);
    }),
  );
};

function note({ told, say }: Campaign, one: Told): void {
  told.push(one);
  say(`run ${told.length}: ${one.job.kind} ${one.job.run.id}`);
}

/** Has chance do harm to all there is until the work is done. */
async function underHavoc(
  campaign: Campaign,
  random: SeededRandom,
  pauseMs: readonly [number, number],
  working: () => Promise<void>,
): Promise<void> {
  const ending = new AbortController();
  const targets = { ...campaign, pauseMs, onFault: (what: string) => campaign.say(what) };
  const havoc = wreakHavoc(targets, random.fork("faults"), ending.signal);
  await working();
  ending.abort();
  await havoc;
}

/** Short runs, each of which kills somebody by itself. */
const killBatch: Batch = async (campaign, indexes, isTimeOver, seed, random) => {
  const onKill = (what: string) => {
    campaign.faults.set(what, (campaign.faults.get(what) ?? 0) + 1);
    campaign.say(`${what} (run ${campaign.begun.length})`);
  };
  const site = { ...campaign, onKill, inTurn: oneAfterTheOther() };
  // A sandbox waits only where there is a slot for it.
  const workers = Math.max(1, campaign.workers - 2);
  await work({ ...campaign, workers }, indexes, isTimeOver, async (index) => {
    await killShortRun(site, `${seed}-short-${index}`, random.fork(`run ${index}`));
  });
};

const batches: Readonly<Record<(typeof kinds)[number], Batch>> = { told: tellBatch, chained: chainBatch, short: killBatch };

/** Has workers do one index after the other. */
async function work(
  { workers, problems }: Campaign,
  indexes: readonly number[],
  isTimeOver: (index: number) => boolean,
  one: (index: number) => Promise<void>,
): Promise<void> {
  const waiting = [...indexes];
  const worker = async () => {
    for (let index = waiting.shift(); index !== undefined && !isTimeOver(index); index = waiting.shift()) {
      await one(index).catch((error: unknown) => problems.push(`run ${index} could not be told to its end: ${String(error)}`));
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

/** One tier for ever, or one and the other by turns, beginning with one of chance's. */
function* tiersOf(given: Tier | undefined, random: SeededRandom): Generator<Tier, never> {
  for (let isBubblewrap = random.next() < 0.5; ; isBubblewrap = !isBubblewrap) yield given ?? (isBubblewrap ? "bubblewrap" : "process");
}

function clock(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1).padStart(6)} s`;
}
