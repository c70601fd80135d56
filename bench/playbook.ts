import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { startBackOffice } from "@clew/back-office/back-office";
import { createLogger } from "@clew/process/logger";
import { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { launchBrowser } from "@clew/sandbox-agent/browser/browser-session";
import { chromiumArguments } from "@clew/sandbox-agent/browser/chromium-arguments";
import { startWork } from "@clew/sandbox-agent/work";
import { type BrowserContext, chromium } from "playwright";
import { findChromium } from "../scripts/find-chromium.mjs";

/**
 * How long the steps of `examples/playbooks/cancel-order.yaml` take through the engine (events kept in memory), beside the same steps in bare
 * Playwright, one after the other in turn. A browser of its own each time, launched before the clock starts; the clock runs from the new context
 * to the confirmation that was read. `node bench/playbook.ts [repeats]`.
 */

const REPEATS = Number(process.argv[2] ?? 9);
const ORDER = "12345";
const playbookSource = await readFile(new URL("../examples/playbooks/cancel-order.yaml", import.meta.url), "utf8");
const chosen = await findChromium();
if (chosen === undefined) throw new Error("There is no Chromium; set CLEW_CHROMIUM.");
const executablePath = chosen.path;
const sandbox = process.getuid?.() !== 0;

/** Cancels the order through the engine; answers the milliseconds until its outcome. */
async function throughEngine(url: string, folder: string, trace: boolean): Promise<number> {
  const browser = await launchBrowser({ executablePath, headless: true, sandbox, workFolder: folder, sandboxId: basename(folder) });
  const startedAt = performance.now();
  let endedAt = Number.NaN;
  const say = async ({ payload }: { readonly payload: { readonly $case: string } }) => {
    if (payload.$case === "outcomePublished") endedAt = performance.now();
  };
  const request = StartWorkRequest.fromPartial({
    runId: "run-bench",
    attempt: 1,
    playbookSource,
    spec: { params: { order_id: ORDER, base_url: url }, recording: { trace }, guardrails: { allowedPrivateHosts: [new URL(url).host] } },
  });
  await startWork({
    request,
    browser,
    report: { say, confirm: say },
    workFolder: folder,
    log: createLogger({ name: "bench", level: "silent" }),
  }).done;
  return endedAt - startedAt;
}

/** Cancels the order with bare Playwright; answers the milliseconds until the confirmation was read. */
async function throughPlaywright(url: string, trace: boolean): Promise<number> {
  const browser = await chromium.launch({ executablePath, headless: true, chromiumSandbox: sandbox, args: chromiumArguments });
  const startedAt = performance.now();
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  if (trace) await context.tracing.start({ screenshots: true, snapshots: true });
  await cancel(context, url);
  const tookMs = performance.now() - startedAt;
  // Or Playwright leaves its folder in the temp folder.
  if (trace) await context.tracing.stop();
  await context.close();
  await browser.close();
  return tookMs;
}

async function cancel(context: BrowserContext, url: string): Promise<void> {
  const page = await context.newPage();
  await page.goto(`${url}/login`, { waitUntil: "domcontentloaded" });
  await page.locator('input[name="username"]').fill("demo");
  await page.locator('input[type="password"]').fill("demo");
  await page.locator('button[type="submit"]').click();
  await page.waitForURL("**/orders");
  await page.locator('input[name="q"]').fill(ORDER);
  await page.locator('input[name="q"]').press("Enter");
  await page.waitForURL(`**/orders?q=${ORDER}`);
  await page.locator(`#orders a:text-is("${ORDER}")`).click();
  await page.waitForURL(`**/orders/${ORDER}`);
  await page.locator("#cancel").click();
  await page.locator('dialog[open] button:text-is("Yes, cancel it")').click();
  await page.getByText(`Order ${ORDER} was cancelled`).waitFor();
  await page.locator("#confirmation").innerText();
}

/** Runs one subject against a back office of its own, and checks on the server that the order was cancelled. */
async function measure(subject: (url: string, folder: string) => Promise<number>): Promise<number> {
  await using office = await startBackOffice();
  const folder = await mkdtemp(join(tmpdir(), "clew-bench-"));
  try {
    const tookMs = await subject(office.url, folder);
    if (office.orders.get(ORDER)?.status !== "cancelled") throw new Error("The order was not cancelled.");
    return tookMs;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

console.log("| cancel-order, 9 steps | Clew, median ms | bare Playwright, median ms | ratio | Clew, min–max |");
console.log("|---|---|---|---|---|");
for (const trace of [false, true]) {
  const subjects = [
    (url: string, folder: string) => throughEngine(url, folder, trace),
    (url: string) => throughPlaywright(url, trace),
  ] as const;
  const took: [number[], number[]] = [[], []];
  for (const subject of subjects) await measure(subject);
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const index of repeat % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) took[index].push(await measure(subjects[index]));
  }
  const [ours, bare] = took;
  const range = `${Math.round(Math.min(...ours))}–${Math.round(Math.max(...ours))}`;
  console.log(
    `| ${trace ? "with trace" : "without trace"} | ${Math.round(median(ours))} | ${Math.round(median(bare))} | ${(median(ours) / median(bare)).toFixed(2)} | ${range} |`,
  );
}
