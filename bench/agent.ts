import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createLogger } from "@clew/process/logger";
import { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { AskModel } from "@clew/sandbox-agent/agent/ask-model";
import { launchBrowser } from "@clew/sandbox-agent/browser/browser-session";
import { chromiumArguments } from "@clew/sandbox-agent/browser/chromium-arguments";
import { startWork } from "@clew/sandbox-agent/work";
import { chromium } from "playwright";
import { findChromium } from "../scripts/find-chromium.mjs";

/**
 * What a model's step costs beside the model: from its answer until it is asked again, with a model that answers at once (events kept in memory, no recordings), and
 * the same calls in bare Playwright: the action, and one look at the page as assistive technology knows it. A page of a usual size. `node bench/agent.ts [rounds]`;
 * `--quick` is 5 rounds of 4 steps.
 */

const ROUNDS = process.argv.includes("--quick") ? 5 : Number(process.argv[2] ?? 40);

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

/** The milliseconds of every step through the agent. */
async function throughAgent(url: string, folder: string): Promise<Times> {
  const browser = await launchBrowser({ executablePath, headless: true, sandbox, workFolder: folder, sandboxId: basename(folder) });
  const times = noTimes();
  let step = -1;
  let answeredAt = Number.NaN;
  let outcome = "";
  const askModel: AskModel = async ({ purpose, prompt }) => {
    const askedAt = performance.now();
    const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1, costUsd: 0 };
    const answer = (name: string, input: unknown) => {
      const content = [{ type: "tool-call", toolCallId: `call-${step}`, toolName: name, input: JSON.stringify(input) } as const];
      return { model: "bench:model", finish: "tool-calls", usage, content } as const;
    };
    if (purpose === "validate") return { ...answer("", {}), content: [{ type: "text", text: '{"safe":true,"reason":"x"}' }] };
    const before = kinds[step % kinds.length];
    if (step >= 0 && before !== undefined) times[before].push(askedAt - answeredAt);
    step++;
    const page = JSON.stringify(prompt.at(-1));
    const refOf = (words: string) => new RegExp(`${words}[^\\n]*?\\[ref=(e\\d+)\\]`).exec(page)?.[1];
    const round = Math.floor(step / kinds.length);
    const kind = round >= ROUNDS ? "done" : kinds[step % kinds.length];
    const calls = {
      fill: () => answer("fill", { element: refOf("textbox"), text: `name ${round}` }),
      select: () => answer("select", { element: refOf("combobox"), value: round % 2 === 0 ? "green" : "red" }),
      click: () => answer("click", { element: refOf("button") }),
      extract: () => answer("extract", { element: refOf("paragraph") }),
      done: () => answer("done", { summary: "Sent." }),
    };
    const said = calls[kind ?? "done"]();
    answeredAt = performance.now();
    return said;
  };
  const say = async ({ summary, payload }: { readonly summary: string; readonly payload: { readonly $case: string } }) => {
    if (payload.$case === "outcomePublished") outcome = summary;
  };
  const request = StartWorkRequest.fromPartial({
    runId: "run-bench",
    attempt: 1,
    spec: {
      work: { $case: "directive", value: "Fill in the name, select the colour, click Show and read what it says, again and again" },
      startUrl: url,
      maxSteps: kinds.length * ROUNDS + 2,
      recording: { trace: false, logs: false },
      guardrails: { allowedPrivateHosts: [new URL(url).host], stuckRevisitGap: 50 },
    },
  });
  const log = createLogger({ name: "bench", level: "silent" });
  await startWork({ request, browser, report: { say, confirm: say }, workFolder: folder, log, askModel, askWarden: async () => ({}) }).done;
  if (outcome !== "Sent.") throw new Error(`The work ended early: ${outcome}`);
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
  const agent = await throughAgent(url, folder);
  console.log(`| a step of ${ROUNDS} | bare Playwright p50 ms | Clew p50 ms | beyond it p50 ms | Clew p95 ms |`);
  console.log("|---|---|---|---|---|");
  const row = (name: string, ours: readonly number[], bare: readonly number[]) => {
    const [one, other] = [percentile(ours, 0.5), percentile(bare, 0.5)];
    console.log(
      `| ${name} | ${other.toFixed(1)} | ${one.toFixed(1)} | ${(one - other).toFixed(1)} | ${percentile(ours, 0.95).toFixed(1)} |`,
    );
  };
  for (const kind of kinds) row(kind, agent[kind], floor[kind]);
  row("all", Object.values(agent).flat(), Object.values(floor).flat());
} finally {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
