import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { createLogger } from "@clew/process/logger";
import { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { launchBrowser } from "@clew/sandbox-agent/browser/browser-session";
import { chromiumArguments } from "@clew/sandbox-agent/browser/chromium-arguments";
import { startWork } from "@clew/sandbox-agent/work";
import { chromium, type Page } from "playwright";
import { startBackOffice } from "../examples/back-office/src/back-office.ts";
import { findChromium } from "../scripts/find-chromium.mjs";

/**
 * How long 200 steps take through the engine (events kept in memory), without recordings, with the trace and the logs, and with all recordings, beside the
 * same 200 calls in bare Playwright without a trace and with one, in turn: in the example's back office, or on one small page that does nothing
 * (`--small-page`). A browser of its own each time, launched before the clock starts; the clock runs from the new context to the last text that was read. A
 * ratio is the median of the repeats' ratios, each to the floor of the same repeat; the CPU time is this process's, without the browser's.
 * `node bench/playbook.ts [repeats]`; `--quick` is one repeat.
 */

const { values: asked, positionals } = parseArgs({
  options: { quick: { type: "boolean", default: false }, "small-page": { type: "boolean", default: false } },
  allowPositionals: true,
});
const REPEATS = asked.quick ? 1 : Number(positionals[0] ?? 9);

/** One step, as a playbook writes it and as Playwright does it. */
type Step =
  | { readonly action: "goto"; readonly url: string }
  | { readonly action: "key_press" | "select"; readonly selector: string; readonly value: string }
  | { readonly action: "click"; readonly selector: string }
  | { readonly action: "extract"; readonly selector: string; readonly said: string };

const STEPS = 200;

/** Of a usual size: a form, and a table of 300 cells. */
const html = `<!doctype html><title>Form</title><link rel=icon href="data:,">
<form onsubmit="event.preventDefault(); document.getElementById('said').textContent = 'Sent ' + this.name.value + ' in ' + this.colour.value">
<input name=name><select name=colour><option>red</option><option>green</option></select><button>Send</button></form><p id=said></p>
<table>${Array.from({ length: 60 }, (_, row) => `<tr>${Array.from({ length: 5 }, (_, cell) => `<td class=cell>${row}.${cell}</td>`).join("")}</tr>`).join("")}</table>`;

/** A form on a page that asks no server. */
const smallPage = (url: string, round: number): readonly Step[] => [
  { action: "goto", url: `${url}/${round}` },
  { action: "key_press", selector: "input[name=name]", value: `name ${round}` },
  { action: "select", selector: "select[name=colour]", value: "green" },
  { action: "click", selector: "button" },
  { action: "extract", selector: "#said", said: `Sent name ${round} in green` },
];

/** Logging in, and looking an order up by its number. */
const backOffice = (url: string, round: number): readonly Step[] =>
  round === 0
    ? [
        { action: "goto", url: `${url}/login` },
        { action: "key_press", selector: "input[name=username]", value: "demo" },
        { action: "key_press", selector: "input[name=password]", value: "demo" },
        { action: "click", selector: "form button" },
        { action: "extract", selector: "h1", said: "Orders" },
      ]
    : [
        { action: "goto", url: `${url}/orders?round=${round}` },
        { action: "key_press", selector: "input[type=search]", value: "12345" },
        { action: "click", selector: "form.search button:text-is('Search')" },
        { action: "click", selector: "#orders tbody a" },
        { action: "extract", selector: "dd .status", said: "open" },
      ];

const roundOf = asked["small-page"] ? smallPage : backOffice;
const stepsOf = (url: string): readonly Step[] => Array.from({ length: STEPS / 5 }, (_, round) => roundOf(url, round)).flat();

const playbookOf = (url: string) => `id: bench\nsteps:\n${stepsOf(url).map(lineOf).join("\n")}\n`;

function lineOf(step: Step): string {
  const text = JSON.stringify;
  switch (step.action) {
    case "goto":
      return `  - { action: goto, params: { url: ${text(step.url)} } }`;
    case "key_press":
      return `  - { action: key_press, selector: ${text(step.selector)}, params: { text: ${text(step.value)} } }`;
    case "select":
      return `  - { action: select, selector: ${text(step.selector)}, params: { value: ${text(step.value)} } }`;
    default:
      return `  - { action: ${step.action}, selector: ${text(step.selector)} }`;
  }
}

async function perform(page: Page, step: Step): Promise<void> {
  switch (step.action) {
    case "goto":
      await page.goto(step.url, { waitUntil: "domcontentloaded" });
      return;
    case "key_press":
      return await page.locator(step.selector).fill(step.value);
    case "select":
      await page.locator(step.selector).selectOption(step.value);
      return;
    case "click":
      return await page.locator(step.selector).click();
    case "extract":
      if ((await page.locator(step.selector).innerText()) !== step.said) throw new Error("The page said something else.");
  }
}

const chosen = await findChromium();
if (chosen === undefined) throw new Error("There is no Chromium; set CLEW_CHROMIUM.");
const executablePath = chosen.path;
const sandbox = process.getuid?.() !== 0;

interface Recording {
  readonly trace: boolean;
  readonly logs: boolean;
  readonly video: boolean;
  readonly screenshots: boolean;
}

/** What one subject took, in milliseconds. */
interface Took {
  readonly ms: number;
  readonly cpuMs: number;
}

/** Starts the clock; what is answered reads it. */
function startClock(): () => Took {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { ms: performance.now() - startedAt, cpuMs: (user + system) / 1_000 };
  };
}

/** What was warned of, in any run. */
const warnings = new Set<string>();

async function throughEngine(url: string, folder: string, recording: Recording): Promise<Took> {
  const browser = await launchBrowser({ executablePath, headless: true, sandbox, workFolder: folder, sandboxId: basename(folder) });
  const readClock = startClock();
  let took: Took | undefined;
  let steps = 0;
  let last = "";
  const say = async ({ summary, payload }: { readonly summary: string; readonly payload: { readonly $case: string } }) => {
    if (payload.$case === "outcomePublished") {
      took = readClock();
      last = summary;
    }
    if (payload.$case === "stepCompleted" && !summary.includes("failed")) steps++;
    if (payload.$case === "warningRaised") warnings.add(summary);
  };
  const request = StartWorkRequest.fromPartial({
    runId: "run-bench",
    attempt: 1,
    playbookSource: playbookOf(url),
    spec: { maxSteps: STEPS, recording, guardrails: { allowedPrivateHosts: [new URL(url).host], maxUrlsVisited: 1_000 } },
  });
  await startWork({
    request,
    browser,
    report: { say, confirm: say },
    workFolder: folder,
    askWarden: async () => ({}),
    log: createLogger({ name: "bench", level: "silent" }),
  }).done;
  if (took === undefined || steps !== STEPS) throw new Error(`Only ${steps} steps were done: ${last}`);
  return took;
}

async function throughPlaywright(url: string, folder: string, trace: boolean): Promise<Took> {
  const browser = await chromium.launch({ executablePath, headless: true, chromiumSandbox: sandbox, args: chromiumArguments });
  try {
    const readClock = startClock();
    const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
    const page = await context.newPage();
    if (trace) await context.tracing.start({ screenshots: true, snapshots: true });
    for (const step of stepsOf(url)) await perform(page, step);
    const took = readClock();
    if (trace) await context.tracing.stop({ path: join(folder, "trace.zip") });
    return took;
  } finally {
    await browser.close();
  }
}

async function serveSmallPage() {
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(html)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const none: Recording = { trace: false, logs: false, video: false, screenshots: false };
/** Each beside the floor of the given place in the list. */
const subjects: readonly (readonly [name: string, floor: number, run: (url: string, folder: string) => Promise<Took>])[] = [
  ["bare Playwright", 0, (url, folder) => throughPlaywright(url, folder, false)],
  ["bare Playwright, with trace", 0, (url, folder) => throughPlaywright(url, folder, true)],
  ["Clew, without recordings", 0, (url, folder) => throughEngine(url, folder, none)],
  ["Clew, with trace and logs", 1, (url, folder) => throughEngine(url, folder, { ...none, trace: true, logs: true })],
  [
    "Clew, with all recordings",
    1,
    (url, folder) => throughEngine(url, folder, { trace: true, logs: true, video: true, screenshots: true }),
  ],
];

await using site = await (asked["small-page"] ? serveSmallPage() : startBackOffice());
const { url } = site;
const took = subjects.map((): Took[] => []);
for (let repeat = 0; repeat < REPEATS; repeat++) {
  for (const [index, [, , run]] of repeat % 2 === 0 ? [...subjects.entries()] : [...subjects.entries()].reverse()) {
    const folder = await mkdtemp(join(tmpdir(), "clew-bench-"));
    try {
      took[index]?.push(await run(url, folder));
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }
}

console.log(`| ${STEPS} steps | median ms | beside | min–max ms | the process's own CPU, median ms |`);
console.log("|---|---:|---:|---:|---:|");
for (const [index, [name, floor]] of subjects.entries()) {
  const times = (took[index] ?? []).map(({ ms }) => ms);
  const ratio = median(times.map((ms, repeat) => ms / (took[floor]?.[repeat]?.ms ?? Number.NaN))).toFixed(2);
  const beside = index === floor ? "1" : `${ratio} × ${floor === 0 ? "bare" : "bare with trace"}`;
  const cpuMs = Math.round(median((took[index] ?? []).map((each) => each.cpuMs)));
  const range = `${Math.round(Math.min(...times))}–${Math.round(Math.max(...times))}`;
  console.log(`| ${name} | ${Math.round(median(times))} | ${beside} | ${range} | ${cpuMs} |`);
}
for (const warning of warnings) console.log(`Note: ${warning}`);
