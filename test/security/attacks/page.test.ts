import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { Fault } from "@clew/client";
import { type Site, type SiteRoute, startSite } from "@clew/sandbox-agent/browser/site.fixture";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Canary, startCanary } from "../../support/canary.ts";
import { type System, startSystem } from "../../support/system.ts";
import { type TempFolder, tempFolder } from "../../support/temp-folder.ts";
import { tiers } from "./attack.ts";
import { type PageAim, type PageAttack, pageAttacks, tryInPage } from "./page-attacks.ts";
import { playbookAttacks } from "./playbook-attacks.ts";

const texts = z.record(z.string(), z.string());

/** Milliseconds that all runs of a tier may take, on a machine that others load. */
const hookMs = 300_000;

/** Bytes that no run may ever hold. */
const marker = `host-bytes-${randomBytes(12).toString("hex")}`;

let folder: TempFolder;
let canary: Canary;
let site: Site;
let aim: PageAim;
beforeAll(async () => {
  folder = await tempFolder();
  const file = join(folder.path, "marker.txt");
  await writeFile(file, marker);
  canary = await startCanary("everything");
  site = await startSite({
    "/": "<h1>hostile</h1><input type=file id=file>",
    "/sw.js": (_, response) => void response.writeHead(200, { "content-type": "text/javascript" }).end(serviceWorker()),
    "/redirect": (_, response) => void response.writeHead(302, { location: `http://${canary.host}/redirected` }).end(),
    "/chain": (_, response) => void response.writeHead(307, { location: "/redirect" }).end(),
    "/to-file": (_, response) => void response.writeHead(302, { location: `file://${file}` }).end(),
    "/staying.js": script(() => pageAttacks.filter(({ leads }) => !leads)),
    "/leading.js": script(() => pageAttacks.filter(({ leads }) => leads)),
    "/refresh": () => `<meta http-equiv=refresh content="0;url=http://${canary.host}/refreshed"><h1>refreshes</h1>`,
  });
  const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const ownAddress = own.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
  aim = { port: canary.port, allowed: site.host, file, ownAddress, ownName: hostname() };
});
afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
  await canary?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

function serviceWorker(): string {
  return `addEventListener("install", () => skipWaiting());
    addEventListener("activate", (event) => event.waitUntil(fetch("http://${canary.host}/worker", { mode: "no-cors" }).catch(() => {})));`;
}

/** A script of the site that tries attacks of a page. */
function script(attacks: () => readonly PageAttack[]): SiteRoute {
  return (_, response) => void response.writeHead(200, { "content-type": "text/javascript" }).end(tryInPage(attacks(), aim));
}

/** A playbook whose page tries all that pages can: what leads elsewhere comes last. */
function hostilePages(): string {
  const step = (file: string, name: string) =>
    `  - { action: evaluate, params: { timeout_ms: 30000, script: "return await (await import('/${file}')).got" }, store_as: ${name}, on_failure: abort }\n`;
  const open = `  - { action: goto, params: { url: "${site.url}/" }, on_failure: abort }\n`;
  return `steps:\n${open}${step("staying.js", "got")}${step("leading.js", "led")}  - { action: extract, selector: h1, on_failure: abort }\n`;
}

describe.each(tiers)("in the tier %s", (tier) => {
  let system: System;
  /** What each attack of a page got, by its name. */
  let got: Readonly<Record<string, string>> = {};
  /** All that is known of the runs, to look for the marker in. */
  let told = "";
  const ended: Record<string, string> = {};

  beforeAll(async () => {
    system = await startSystem({ CLEW_SANDBOX: tier, CLEW_MAX_CONCURRENT_RUNS: "2" });
    const spec = (source: string) => ({ playbookSource: source, timeoutSeconds: 120, guardrails: { allowedPrivateHosts: [site.host] } });
    const follow = async (name: string, source: string) => {
      const run = await system.clew.createRun(spec(source)).catch((error: unknown) => faultOf(error));
      if (run instanceof Fault) {
        ended[name] = `refused ${run.reason}`;
        return;
      }
      for await (const event of run.events()) told += JSON.stringify(event);
      const { state, outcome } = await run.result();
      ended[name] = `${state} ${outcome.error?.reason ?? ""}`;
      for (const artifact of await run.artifacts()) told += await (await run.artifact(artifact.name)).text();
      if (name === "pages") got = texts.parse(outcome.data?.["got"]);
    };
    await Promise.all([follow("pages", hostilePages()), ...playbookAttacks.map(({ name, source }) => follow(name, source(aim, site.url)))]);
  }, hookMs);
  afterAll(() => system?.[Symbol.asyncDispose]());

  it("what pages tried was tried: the run came to its end", () => {
    expect(ended["pages"]).toMatch(/^(COMPLETED|FAILED GUARDRAIL_BLOCKED)/);
    expect(Object.keys(got)).toHaveLength(pageAttacks.filter(({ leads }) => !leads).length);
  });

  it.each(pageAttacks.map(({ name }) => name))("a page gets nothing by %s", (name) => {
    expect(got[name] ?? "").toBe("");
  });

  it.each(playbookAttacks.map(({ name }) => name))("a playbook that %s is held up", (name) => {
    expect(ended[name]).toMatch(/^(FAILED GUARDRAIL_BLOCKED|refused (PLAYBOOK_INVALID|INVALID_REQUEST))$/);
  });

  it("nothing outside the policy was reached, and no byte of the machine is in any record", () => {
    expect(canary.heard).toEqual([]);
    expect(told).not.toContain(marker);
    expect(site.bodies.join()).not.toContain(marker);
  });

  it.runIf(tier === "process")("the same page reaches the canary where the run may: what was tried could have come through", async () => {
    const guardrails = { allowPrivateNetworks: true };
    const run = await system.clew.createRun({ playbookSource: hostilePages(), timeoutSeconds: 120, guardrails });
    await run.result();
    expect(new Set(canary.heard).size).toBeGreaterThanOrEqual(20);
  });
});

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  throw error;
}
