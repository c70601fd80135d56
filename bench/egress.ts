import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { byProxy, chromiumArguments } from "@clew/sandbox-agent/browser/chromium-arguments";
import { type Site, startSite } from "@clew/sandbox-agent/browser/site.fixture";
import { startRelay } from "@clew/sandbox-agent/egress/relay";
import { type Browser, chromium } from "playwright";
import { findChromium } from "../scripts/find-chromium.mjs";
import { median } from "./support/numbers.ts";

/**
 * How much longer a page takes to load by a sandbox's way out (the agent's relay, and the warden's proxy in a process of its own) than directly, in the
 * same browser, in turn. `node bench/egress.ts [loads]`.
 */

const LOADS = Number(process.argv[2] ?? 5);
const parts = { pictures: 30, scripts: 10, pictureBytes: 20_000, scriptBytes: 30_000 };

const folder = await mkdtemp(join(tmpdir(), "clew-bench-egress-"));
const site = await startPage();
const socketPath = join(folder, "egress");
const wayOut = spawn(process.execPath, [join(import.meta.dirname, "egress", "way-out.ts"), socketPath, site.host], {
  stdio: ["pipe", "pipe", "inherit"],
});
await once(wayOut.stdout, "data");
const relay = await startRelay(socketPath);
const executablePath = (await findChromium())?.path ?? "chromium";
const launch = (proxied: boolean) =>
  chromium.launch({
    executablePath,
    chromiumSandbox: process.getuid?.() !== 0,
    args: proxied ? [...chromiumArguments, ...byProxy.arguments] : chromiumArguments,
    ...(proxied && { proxy: { server: `http://127.0.0.1:${relay.port}`, bypass: byProxy.bypass } }),
  });
const [direct, proxied] = [await launch(false), await launch(true)];
try {
  await loadPage(direct);
  await loadPage(proxied);
  const took: { direct: number[]; proxied: number[] } = { direct: [], proxied: [] };
  for (let load = 0; load < LOADS; load++) {
    took.direct.push(await loadPage(direct));
    took.proxied.push(await loadPage(proxied));
  }
  const [floor, ours] = [median(took.direct), median(took.proxied)];
  console.log("| page load | median ms | of the floor |");
  console.log("|---|---:|---:|");
  console.log(`| direct (floor) | ${floor.toFixed(0)} | 1 |`);
  console.log(`| by the way out | ${ours.toFixed(0)} | ${(ours / floor).toFixed(2)} |`);
} finally {
  await Promise.all([direct.close(), proxied.close()]);
  await relay[Symbol.asyncDispose]();
  wayOut.stdin.end();
  await once(wayOut, "exit");
  await site[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
}

/** Milliseconds until all of the page is there, in a context that has nothing of it. */
async function loadPage(browser: Browser): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const startedAt = performance.now();
  await page.goto(`${site.url}/`, { waitUntil: "load" });
  const took = performance.now() - startedAt;
  await context.close();
  return took;
}

/** A page of pictures and scripts. */
function startPage(): Promise<Site> {
  const [picture, script] = [Buffer.alloc(parts.pictureBytes, " "), Buffer.alloc(parts.scriptBytes, " ")];
  const pictures = Array.from({ length: parts.pictures }, (_, index) => `<img src=/picture?${index}>`);
  const scripts = Array.from({ length: parts.scripts }, (_, index) => `<script src=/script?${index}></script>`);
  return startSite({
    "/": scripts.join("") + pictures.join(""),
    "/picture": (_, response) => void response.writeHead(200, { "content-type": "image/svg+xml" }).end(picture),
    "/script": (_, response) => void response.writeHead(200, { "content-type": "text/javascript" }).end(script),
  });
}
