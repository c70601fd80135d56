import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { connectGrpc } from "@clew/grpc/client";
import { readConfig } from "@clew/orchestrator/config";
import { type Orchestrator, startOrchestrator } from "@clew/orchestrator/orchestrator";
import { readSandboxFile } from "@clew/orchestrator/sandboxes/sandbox-file";
import { createLogger } from "@clew/process/logger";
import { CreateRunRequest, RunServiceService } from "@clew/proto/grpc/clew/run/v1/run_service";
import { chromiumArguments } from "@clew/sandbox-agent/browser/chromium-arguments";
import { delay } from "@clew/streams/delay";
import { type Browser, chromium } from "playwright";
import { findChromium } from "../scripts/find-chromium.mjs";
import { BenchRoom } from "./support/bench-room.ts";
import { listen } from "./support/listen.ts";
import { fine, median, printTable, quantile, whole } from "./support/numbers.ts";
import { interruption, readOptions } from "./support/options.ts";
import { readSandboxMemory, type SandboxMemory } from "./support/read-pss.ts";

/**
 * How long it takes from the moment a run is accepted to the start of its first action, in a warm sandbox, and in one started for it, isolated and not,
 * beside a bare launch of the same browser up to the same point, and a bare context in a browser that runs; and the memory of a sandbox beyond its Chromium.
 * `node bench/sandbox.ts [--quick] [--repeats N] [--folder F]`.
 */
const options = readOptions(20);
/** Milliseconds one run may take in all. */
const runMs = 120_000;

const signal = interruption();
await using room = await BenchRoom.open("sandbox", options);
await using stack = new AsyncDisposableStack();
const page = createServer((_, response) => response.setHeader("content-type", "text/html").end("<title>Page</title><h1>Page</h1>"));
const host = `127.0.0.1:${await listen(page)}`;
stack.defer(() => void page.close());

const found = await findChromium();
if (found === undefined) throw new Error("There is no Chromium; set CLEW_CHROMIUM.");
const { path: executablePath } = found;
const isolations = ["bubblewrap", "process"] as const;
/** Milliseconds that a warm sandbox has, from when its agent is there, to launch its browser and to rehearse, before a run is to find it ready. */
const launchMs = 8_000;

interface Started {
  readonly volume: string;
  readonly orchestrator: Orchestrator;
}

async function start(isolation: (typeof isolations)[number], warm: "0" | "1" = "0"): Promise<Started> {
  const volume = join(room.folder, `${isolation}-${warm}`);
  const config = readConfig({
    CLEW_VOLUME: volume,
    CLEW_ORCHESTRATOR_ADDRESS: "127.0.0.1:0",
    CLEW_CHROMIUM: executablePath,
    CLEW_SANDBOX: isolation,
    CLEW_WARM_SANDBOXES: warm,
    CLEW_ADOPTION_GRACE: "20s",
  });
  const orchestrator = stack.use(await startOrchestrator(config, createLogger({ name: "orchestrator", level: "error" })));
  return { volume, orchestrator };
}

const playbookSource = `id: first\nsteps:
  - { action: goto, params: { url: 'http://${host}/' } }
  - { action: wait_for, selector: '#never', params: { timeout_ms: 60000 }, on_failure: abort }\n`;

/** Runs until the second action has begun; answers when the first did, and the sandbox's memory then. `more` is what its spec has beside its playbook. */
async function measureRun(
  { volume, orchestrator }: Started,
  more: object = {},
): Promise<{ ms: number; memory: SandboxMemory; isWarm: boolean }> {
  using runs = connectGrpc(RunServiceService, orchestrator.address);
  const bounds = { signal: AbortSignal.any([signal, AbortSignal.timeout(runMs)]) };
  const spec = { work: { $case: "playbookSource", value: playbookSource }, guardrails: { allowedPrivateHosts: [host] }, ...more } as const;
  const { run } = await runs.createRun(CreateRunRequest.fromPartial({ spec }), bounds);
  const runId = run?.id ?? "";
  let firstAt = Number.NaN;
  let isWarm = false;
  let memory: SandboxMemory | undefined;
  for await (const { frame } of runs.streamRunEvents({ runId, resumeToken: "", types: [] }, bounds)) {
    for (const { type, time, payload } of frame?.$case === "events" ? frame.value.events : []) {
      if (payload?.$case === "sandboxReady") isWarm = payload.value.warm;
      if (type === "actionStarted" && Number.isNaN(firstAt)) firstAt = time?.getTime() ?? Number.NaN;
      else if (type === "actionStarted") {
        memory = readSandboxMemory((await readSandboxFile(join(volume, "runs", runId)))?.pid ?? 0);
        await runs.stopRun({ runId, reason: "", graceSeconds: 0 }, bounds);
      }
    }
  }
  if (memory === undefined) throw new Error("The run ended before its second action.");
  return { ms: firstAt - (run?.createTime?.getTime() ?? Number.NaN), memory, isWarm };
}

/** Waits until a sandbox is warm, and nothing else of the machine is at work for it. */
async function untilWarm({ volume }: Started): Promise<void> {
  const folder = join(volume, "warm");
  const isThere = async () => (await readdir(folder).catch(() => [])).some((name) => existsSync(join(folder, name, "agent/agent.outbox")));
  while (!(await isThere())) await delay(50, { signal });
  await delay(launchMs, { signal });
}

/** The same of a run that finds a warm sandbox. */
async function measureWarmRun(system: Started, more?: object): ReturnType<typeof measureRun> {
  await untilWarm(system);
  const measured = await measureRun(system, more);
  if (!measured.isWarm) throw new Error("A run found no warm sandbox.");
  return measured;
}

const launch = () => chromium.launch({ executablePath, args: chromiumArguments, chromiumSandbox: process.getuid?.() !== 0 });

async function openPage(browser: Browser): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  await context.newPage();
}

async function bareLaunch(): Promise<number> {
  const startedAt = performance.now();
  const browser = await launch();
  try {
    await openPage(browser);
    return performance.now() - startedAt;
  } finally {
    await browser.close();
  }
}

const warm = stack.adopt(await launch(), (browser) => browser.close());
async function bareContext(): Promise<number> {
  const startedAt = performance.now();
  await openPage(warm);
  return performance.now() - startedAt;
}

const systems = { bubblewrap: await start("bubblewrap"), process: await start("process"), warm: await start("bubblewrap", "1") };
/** What no page that was opened ahead is like. */
const otherPage = { viewport: { width: 1_000, height: 700 } };
const took: Record<"context" | "launch" | "warm" | "other" | (typeof isolations)[number], number[]> = {
  context: [],
  launch: [],
  warm: [],
  other: [],
  bubblewrap: [],
  process: [],
};
const memories: Record<"warm" | (typeof isolations)[number], SandboxMemory[]> = { bubblewrap: [], process: [], warm: [] };
for (let repeat = -1; repeat < options.repeats; repeat++) {
  // The one that follows what the last run took would be started beside what is measured.
  await untilWarm(systems.warm);
  const [context, launched] = [await bareContext(), await bareLaunch()];
  const runs = { bubblewrap: await measureRun(systems.bubblewrap), process: await measureRun(systems.process) };
  const warmed = await measureWarmRun(systems.warm);
  const other = await measureWarmRun(systems.warm, otherPage);
  // The first of each warms the caches.
  if (repeat < 0) continue;
  took.context.push(context);
  took.launch.push(launched);
  took.warm.push(warmed.ms);
  took.other.push(other.ms);
  memories.warm.push(warmed.memory);
  for (const isolation of isolations) {
    took[isolation].push(runs[isolation].ms);
    memories[isolation].push(runs[isolation].memory);
  }
}
for (const { orchestrator } of Object.values(systems)) await orchestrator.stopRuns(1_000);

const ratio = (times: readonly number[]) => fine(median(times.map((ms, repeat) => ms / (took.launch[repeat] ?? Number.NaN))));
printTable(
  `From a run accepted to its first action begun, ${options.repeats} repeats in turn.`,
  ["what", "p50 ms", "p99 ms", "of a bare launch"],
  (
    [
      ["floor: a context and a page in a bare browser that runs", took.context],
      ["floor: a bare browser launched, a context and a page", took.launch],
      ["Clew: a warm sandbox in bubblewrap", took.warm],
      ["Clew: a warm sandbox in bubblewrap, a page of another size", took.other],
      ["Clew: a cold sandbox in bubblewrap", took.bubblewrap],
      ["Clew: a cold sandbox as processes", took.process],
    ] as const
  ).map(([name, times]) => [name, whole(median(times)), whole(quantile(times, 0.99)), ratio(times)]),
);
const part = (isolation: keyof typeof memories, pick: (memory: SandboxMemory) => number) => whole(median(memories[isolation].map(pick)));
printTable(
  "Memory of a sandbox with one small page, MiB (PSS), medians.",
  ["isolation", "warden", "agent", "bubblewrap", "beyond Chromium", "Chromium"],
  (["bubblewrap", "process", "warm"] as const).map((isolation) => [
    isolation === "warm" ? "bubblewrap, warm" : isolation,
    part(isolation, ({ warden }) => warden),
    part(isolation, ({ agent }) => agent),
    part(isolation, ({ bubblewrap }) => bubblewrap),
    part(isolation, ({ warden, agent, bubblewrap }) => warden + agent + bubblewrap),
    part(isolation, (memory) => memory.chromium),
  ]),
);
