import { createServer } from "node:http";
import { join } from "node:path";
import { connectGrpc } from "@clew/grpc/client";
import { readConfig } from "@clew/orchestrator/config";
import { startOrchestrator } from "@clew/orchestrator/orchestrator";
import { createLogger } from "@clew/process/logger";
import { CreateRunRequest, RunServiceService } from "@clew/proto/grpc/clew/run/v1/run_service";
import { findChromium } from "../scripts/find-chromium.mjs";
import { BenchRoom } from "./support/bench-room.ts";
import { listen } from "./support/listen.ts";
import { fine, median, printTable, quantile, whole } from "./support/numbers.ts";
import { interruption, readOptions } from "./support/options.ts";

/**
 * How many runs a machine carries at once until the p95 of a step is twice that of one run alone: each in a sandbox of its own that isolates, begun cold and together. Only
 * steps are counted that were done while all of them were at their steps. Once with a second of waiting in each round of three steps, as when a model or a slow site takes its time, and once
 * without any. `node bench/at-once.ts [--quick] [--repeats N] [--folder F]`.
 */
const options = readOptions();
const COUNTS = options.quick ? [1, 2] : [1, 2, 3, 4, 6, 8, 12, 16];
const ROUNDS = options.quick ? 3 : 12;
/** Milliseconds all runs of one measurement may take. */
const runMs = 300_000;
/** What is counted of a round. */
const counted: ReadonlySet<string> = new Set(["click", "key_press", "extract"]);

const signal = interruption();
await using room = await BenchRoom.open("at-once", options);
await using stack = new AsyncDisposableStack();
const html = `<!doctype html><title>Form</title><link rel=icon href="data:,">
<form onsubmit="event.preventDefault(); said.textContent = this.name.value; late.hidden = true; setTimeout(() => { late.hidden = false }, 1000)">
<input name=name><button>Send</button></form><p id=said></p><p id=late>late</p>
<table>${Array.from({ length: 60 }, (_, row) => `<tr>${Array.from({ length: 5 }, (_, cell) => `<td>${row}.${cell}</td>`).join("")}</tr>`).join("")}</table>`;
const page = createServer((_, response) => response.setHeader("content-type", "text/html").end(html));
const host = `127.0.0.1:${await listen(page)}`;
stack.defer(() => void page.close());

const found = await findChromium();
if (found === undefined) throw new Error("There is no Chromium; set CLEW_CHROMIUM.");
const config = readConfig({
  CLEW_VOLUME: join(room.folder, "volume"),
  CLEW_ORCHESTRATOR_ADDRESS: "127.0.0.1:0",
  CLEW_CHROMIUM: found.path,
  CLEW_MAX_CONCURRENT_RUNS: String(COUNTS.at(-1)),
  CLEW_SANDBOX_MEMORY: "1GiB",
});
const orchestrator = stack.use(await startOrchestrator(config, createLogger({ name: "orchestrator", level: "error" })));
using runs = connectGrpc(RunServiceService, orchestrator.address);

const playbookOf = (isPaced: boolean) => {
  const round = (index: number) =>
    [
      `  - { action: key_press, selector: "input[name=name]", params: { text: "name ${index}" } }`,
      `  - { action: click, selector: "button" }`,
      ...(isPaced ? [`  - { action: wait_for, selector: "#late", params: { timeout_ms: 30000 } }`] : []),
      `  - { action: extract, selector: "#said" }`,
    ].join("\n");
  return `id: rounds\nsteps:\n  - { action: goto, params: { url: "http://${host}/" } }\n${Array.from({ length: ROUNDS }, (_, index) => round(index)).join("\n")}\n`;
};

/** A step that was done, in milliseconds since the epoch and of its own. */
interface Step {
  readonly endMs: number;
  readonly tookMs: number;
}

/** Does one run, and answers its steps. */
async function doRun(playbookSource: string): Promise<readonly Step[]> {
  const bounds = { signal: AbortSignal.any([signal, AbortSignal.timeout(runMs)]) };
  const spec = { work: { $case: "playbookSource", value: playbookSource }, guardrails: { allowedPrivateHosts: [host] } } as const;
  const { run } = await runs.createRun(CreateRunRequest.fromPartial({ spec }), bounds);
  const steps: Step[] = [];
  let state = "";
  for await (const { frame } of runs.streamRunEvents({ runId: run?.id ?? "", resumeToken: "", types: [] }, bounds)) {
    for (const { time, payload, summary } of frame?.$case === "events" ? frame.value.events : []) {
      if (payload?.$case === "stepCompleted" && counted.has(payload.value.action))
        steps.push({ endMs: time?.getTime() ?? Number.NaN, tookMs: payload.value.durationMs });
      if (payload?.$case === "runFinished") state = summary;
    }
  }
  if (steps.length !== 3 * ROUNDS) throw new Error(`Only ${steps.length} steps were done: ${state}`);
  return steps;
}

/** Does so many runs at once; answers what steps took while all were at them. */
async function measure(count: number, isPaced: boolean): Promise<readonly number[]> {
  const all = await Promise.all(Array.from({ length: count }, () => doRun(playbookOf(isPaced))));
  const fromMs = Math.max(...all.map(([first]) => first?.endMs ?? Number.NaN));
  const toMs = Math.min(...all.map((steps) => steps.at(-1)?.endMs ?? Number.NaN));
  return all.flat().flatMap(({ endMs, tookMs }) => (endMs >= fromMs && endMs <= toMs ? [tookMs] : []));
}

for (const isPaced of [true, false]) {
  const rows: string[][] = [];
  let alone = Number.NaN;
  for (const count of COUNTS) {
    const repeats: (readonly number[])[] = [];
    // The first of all warms the caches.
    if (count === 1) await measure(count, isPaced);
    for (let repeat = 0; repeat < options.repeats; repeat++) repeats.push(await measure(count, isPaced));
    const [p50, p95] = [0.5, 0.95].map((share) => median(repeats.map((took) => quantile(took, share))));
    if (p50 === undefined || p95 === undefined) throw new Error("There is nothing to count.");
    if (count === 1) alone = p95;
    rows.push([String(count), whole(repeats.flat().length), whole(p50), whole(p95), fine(p95 / alone)]);
    if (p95 > 2 * alone) break;
  }
  printTable(
    `${isPaced ? "A second in each round of three steps" : "One step after the other"}, ${options.repeats} repeats, medians.`,
    ["runs at once", "steps counted", "p50 ms", "p95 ms", "p95, of one run's"],
    rows,
  );
}
await orchestrator.stopRuns(1_000);
