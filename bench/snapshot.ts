import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { launchBrowser } from "@clew/sandbox-agent/browser/browser-session";
import { observe } from "@clew/sandbox-agent/observation/observe";
import { findChromium } from "../scripts/find-chromium.mjs";

/**
 * How long a look at a page of 5,000 elements takes, with secrets masked and within a budget of characters, beside a bare `ariaSnapshot` of the same
 * page and depth, in turn. `node bench/snapshot.ts [repeats]`.
 */

const REPEATS = Number(process.argv[2] ?? 5);
const WARM_UP = 2;
const ROWS = 1_000;
const redact = <T>(value: T): T => value;
const signal = new AbortController().signal;

const chosen = await findChromium();
if (chosen === undefined) throw new Error("There is no Chromium; set CLEW_CHROMIUM.");
const folder = await mkdtemp(join(tmpdir(), "clew-bench-"));

/** A table of 1,000 rows: with their cells, links and buttons 5,000 elements. */
const rows = Array.from(
  { length: ROWS },
  (_, at) => `<tr><td>Order ${at}</td><td><a href="/orders/${at}">Open</a></td><td>shipped</td></tr>`,
);
const html = `<title>Orders</title><main><h1>Orders</h1><form><label>User <input></label><label>Password <input type=password value=pass-word></label></form>
  <table>${rows.join("")}</table></main>`;

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const cases = [
  { name: "whole, 16,000 characters", maxChars: 16_000 },
  { name: "depth 4, 16,000 characters", maxChars: 16_000, depth: 4 },
  { name: "find one of 1,000 rows, 4,000 characters", maxChars: 4_000, find: "Order 987" },
  { name: "changes since the last look, 4,000 characters", maxChars: 4_000, changes: true },
] as const;

try {
  const options = {
    executablePath: chosen.path,
    headless: true,
    sandbox: process.getuid?.() !== 0,
    workFolder: folder,
    sandboxId: basename(folder),
  };
  await using browser = await launchBrowser(options);
  await using active = await browser.openPage({ width: 1280, height: 720 });
  const { page } = active;
  await page.setContent(html);
  console.log("| a page of 5,000 elements | Clew, median ms | bare ariaSnapshot, median ms | ratio | characters |");
  console.log("|---|---:|---:|---:|---:|");
  for (const { name, ...look } of cases) {
    const depth = "depth" in look ? { depth: look.depth } : {};
    let chars = 0;
    const subjects = [
      async () => {
        chars = (await observe(page, { ...look, redact, timeout: 30_000, signal })).text.length;
      },
      () => page.ariaSnapshot({ mode: "ai", ...depth }),
    ] as const;
    const took: [number[], number[]] = [[], []];
    for (let repeat = 0; repeat < REPEATS + WARM_UP; repeat++) {
      for (const index of repeat % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        const ms = await timed(subjects[index]);
        if (repeat >= WARM_UP) took[index].push(ms);
      }
    }
    if (chars > look.maxChars) throw new Error(`'${name}' took ${chars} characters.`);
    const ratio = median(took[0].map((ms, at) => ms / (took[1][at] ?? Number.NaN)));
    console.log(
      `| ${name} | ${median(took[0]).toFixed(0)} | ${median(took[1]).toFixed(0)} | ${ratio.toFixed(2)} | ${chars.toLocaleString("en")} |`,
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
