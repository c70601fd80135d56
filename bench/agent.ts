import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClew } from "@clew/client";
import { chromiumArguments } from "@clew/sandbox-agent/browser/chromium-arguments";
import { chromium } from "playwright";
import { findChromium } from "../scripts/find-chromium.mjs";
import { startServices } from "../scripts/services.ts";
import { type ModelRequest, type ModelTurn, modelSettings, startModelServer } from "../test/support/model-server.ts";

/**
 * What a model's step costs beside the model: from its answer until it is asked again, through sandbox, relay and journal like every run, with a model that answers at
 * once and without recordings; and the same calls in bare Playwright: the action, and one look at the page as assistive technology knows it. A page of a usual size.
 * `node bench/agent.ts [rounds]`; `--quick` is 5 rounds of 4 steps, `--isolated` a sandbox that isolates. Ends with 1 where the median of what Clew takes beyond
 * the browser is above 120 ms.
 */

const ROUNDS = process.argv.includes("--quick") ? 5 : Number(process.argv[2] ?? 40);
const TIER = process.argv.includes("--isolated") ? "bubblewrap" : "process";
const goalMs = 120;

const html = `<!doctype html><title>Form</title><link rel=icon href="data:,">
<form onsubmit="event.preventDefault(); document.getElementById('said').textContent = 'It is ' + this.name.value + ' in ' + this.colour.value">
<label>Name <input name=name></label><label>Colour <select name=colour><option>red</option><option>green</option></select></label><button>Show</button></form><p id=said></p>
<table>${Array.from({ length: 60 }, (_, row) => `<tr>${Array.from({ length: 5 }, (_, cell) => `<td class=cell>${row}.${cell}</td>`).join("")}</tr>`).join("")}</table>`;

const chosen = await findChromium();
if (chosen === undefined) throw new Error("There is no Chromium; set CLEW_CHROMIUM.");
const executablePath = chosen.path;
const sandbox = process.getuid?.() !== 0;

/** The calls of one round, one a step. */
const kinds = ["fill", "select", "click", "extract"] as const;
type Kind = (typeof kinds)[number];

type Times = Record<Kind, number[]>;
const noTimes = (): Times => ({ fill: [], select: [], click: [], extract: [] });

/** The milliseconds of every step through the whole of Clew, as the model has them: from its answer until it is asked again. */
async function throughClew(url: string, volume: string): Promise<Times> {
  const times = noTimes();
  let step = -1;
  let answeredAt = Number.NaN;
  const answer = ({ body }: ModelRequest): ModelTurn => {
    const askedAt = performance.now();
    const before = kinds[step % kinds.length];
    if (step >= 0 && before !== undefined) times[before].push(askedAt - answeredAt);
    step++;
    const messages = body["messages"];
    const page = JSON.stringify(Array.isArray(messages) ? messages.at(-1) : "").replaceAll("\\n", "\n");
    const refOf = (words: string) => new RegExp(`${words}.*?\\[ref=(\\w+)\\]`).exec(page)?.[1];
    const round = Math.floor(step / kinds.length);
    const calls = {
      fill: () => ({ name: "fill", input: { element: refOf("textbox"), text: `name ${round}` } }),
      select: () => ({ name: "select", input: { element: refOf("combobox"), value: round % 2 === 0 ? "green" : "red" } }),
      click: () => ({ name: "click", input: { element: refOf("button") } }),
      extract: () => ({ name: "extract", input: { element: refOf("paragraph") } }),
      done: () => ({ name: "done", input: { summary: "Sent." } }),
    };
    const kind = round >= ROUNDS ? "done" : (kinds[step % kinds.length] ?? "done");
    const turn = { toolCalls: [calls[kind]()] };
    answeredAt = performance.now();
    return turn;
  };
  await using server = await startModelServer(answer);
  const env = { CLEW_MODEL: "anthropic:claude-sonnet-4-5", CLEW_LOG_LEVEL: "warn", CLEW_SANDBOX: TIER, ...modelSettings(server) };
  await using services = await startServices({ volume, env });
  const run = await createClew({ url: services.url }).createRun({
    directive: "Fill in the name, select the colour, click Show and read what it says, again and again",
    startUrl: url,
    maxSteps: kinds.length * ROUNDS + 2,
    recording: { trace: false, logs: false },
    guardrails: { allowedPrivateHosts: [new URL(url).host], stuckRevisitGap: 50 },
  });
  const { state, outcome } = await run.result();
  if (state !== "COMPLETED") throw new Error(`The work ended early: ${outcome.error?.message}`);
  return times;
}

/** The milliseconds of the same steps in bare Playwright. */
async function throughPlaywright(url: string): Promise<Times> {
  const browser = await chromium.launch({ executablePath, headless: true, chromiumSandbox: sandbox, args: chromiumArguments });
  try {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage();
    await page.goto(url, { waitUntil: "domcontentloaded" });
    await page.ariaSnapshot({ mode: "ai" });
    const times = noTimes();
    for (let round = 0; round < ROUNDS; round++) {
      const acts: Record<Kind, () => Promise<unknown>> = {
        fill: () => page.locator("input[name=name]").fill(`name ${round}`),
        select: () => page.locator("select[name=colour]").selectOption(round % 2 === 0 ? "green" : "red"),
        click: () => page.locator("button").click(),
        extract: () => page.locator("#said").innerText(),
      };
      for (const kind of kinds) {
        const startedAt = performance.now();
        await acts[kind]();
        await page.ariaSnapshot({ mode: "ai" });
        times[kind].push(performance.now() - startedAt);
      }
    }
    return times;
  } finally {
    await browser.close();
  }
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length * share)] ?? Number.NaN;
}

const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(html)).listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
const folder = await mkdtemp(join(tmpdir(), "clew-bench-"));
try {
  const floor = await throughPlaywright(url);
  const agent = await throughClew(url, folder);
  console.log(`| a step of ${ROUNDS} | bare Playwright p50 ms | Clew p50 ms | beyond it p50 ms | Clew p95 ms |`);
  console.log("|---|---|---|---|---|");
  const row = (name: string, ours: readonly number[], bare: readonly number[]) => {
    const [one, other] = [percentile(ours, 0.5), percentile(bare, 0.5)];
    console.log(
      `| ${name} | ${other.toFixed(1)} | ${one.toFixed(1)} | ${(one - other).toFixed(1)} | ${percentile(ours, 0.95).toFixed(1)} |`,
    );
  };
  for (const kind of kinds) row(kind, agent[kind], floor[kind]);
  const [all, bare] = [Object.values(agent).flat(), Object.values(floor).flat()];
  row("all", all, bare);
  if (percentile(all, 0.5) - percentile(bare, 0.5) > goalMs) process.exitCode = 1;
} finally {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
