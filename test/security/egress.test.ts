import { createSocket } from "node:dgram";
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { metadataServices } from "@clew/egress/metadata-services";
import { type BrowserSession, launchBrowser } from "@clew/sandbox-agent/browser/browser-session";
import { type Site, startSite } from "@clew/sandbox-agent/browser/site.fixture";
import { type Relay, startRelay } from "@clew/sandbox-agent/egress/relay";
import { SandboxEgress } from "@clew/warden/egress/sandbox-egress";
import type { BrowserContext, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findChromium } from "../../scripts/find-chromium.mjs";
import { type Canary, startCanary } from "../support/canary.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";
import { waysOut } from "./ways-out.ts";

/** A browser whose one way out is a warden's, in pages that are wholly hostile and that no guard watches: what holds them is the network alone. */
let folder: TempFolder;
let site: Site;
let canary: Canary;
let egress: SandboxEgress;
let relay: Relay;
let session: BrowserSession;
const denied: string[] = [];
/** Names whose server is the attacker's. */
const names: Record<string, () => readonly string[]> = {};

beforeAll(async () => {
  folder = await tempFolder();
  canary = await startCanary();
  site = await startSite({
    "/": "<h1>hostile</h1>",
    "/sw.js": (_, response) => void response.writeHead(200, { "content-type": "text/javascript" }).end(serviceWorker()),
    "/redirect": (_, response) => void response.writeHead(302, { location: `http://${canary.host}/redirected` }).end(),
    "/refresh": () => `<meta http-equiv=refresh content="0;url=http://${canary.host}/refreshed">`,
    "/reporting": (_, response) => {
      response.setHeader("content-security-policy", `img-src 'none'; report-uri http://${canary.host}/report`);
      return "<img src=/x.png>";
    },
    "/preload": (_, response) => {
      response.setHeader("link", `<http://${canary.host}/hinted>; rel=preload; as=script, <http://${canary.host}>; rel=preconnect`);
      return "hints";
    },
  });
  const socketPath = join(folder.path, "egress");
  egress = await SandboxEgress.open({
    socketPath,
    resolve: async (host) => names[host]?.() ?? [],
    say: (_summary, payload) =>
      payload.$case === "egressDenied" && denied.push(`${payload.value.host}:${payload.value.port} ${payload.value.rule}`),
  });
  egress.follow(policy());
  relay = await startRelay(socketPath);
  const workFolder = join(folder.path, "work");
  await mkdir(workFolder);
  session = await launchBrowser({
    executablePath: (await findChromium())?.path ?? "chromium",
    headless: true,
    sandbox: process.getuid?.() !== 0,
    workFolder,
    sandboxId: basename(folder.path),
    proxy: `http://127.0.0.1:${relay.port}`,
  });
});
afterAll(async () => {
  await session?.[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
  await egress[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
  await canary[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function policy(...more: readonly string[]) {
  return {
    allowedDomains: [],
    blockedDomains: ["blocked.test"],
    allowPrivateNetworks: false,
    allowedPrivateHosts: [site.host, ...more],
    forbidden: [...metadataServices],
  };
}

/** A page of the site, in a context of its own. */
async function open(path = "/"): Promise<{ page: Page; context: BrowserContext } & AsyncDisposable> {
  const { page, context } = await session.openPage({ width: 800, height: 600 });
  await page.goto(`${site.url}${path}`);
  return { page, context, [Symbol.asyncDispose]: () => context.close() };
}

function serviceWorker(): string {
  return `addEventListener("install", () => skipWaiting());
    addEventListener("activate", (event) => event.waitUntil(fetch("http://${canary.host}/worker", { mode: "no-cors" }).catch(() => {})));`;
}

test("the allowed site is reached, and the canary counts whoever reaches it", async () => {
  await using it = await open();
  expect(await it.page.locator("h1").innerText()).toBe("hostile");
  egress.follow(policy(canary.host));
  await it.page.evaluate((host) => fetch(`http://${host}/control`, { mode: "no-cors" }), canary.host);
  egress.follow(policy());
  createSocket("udp4").unref().send("x", canary.port, "127.0.0.1");
  await expect.poll(() => [...canary.heard].sort()).toEqual(["GET /control HTTP/1.1", "udp"]);
});

/** Does in a page what a hostile one would, for at most two seconds. */
async function attempt(page: Page, code: string): Promise<void> {
  const source = `Promise.race([(async () => { ${code} })(), new Promise((done) => setTimeout(done, 2000))]).then(() => {}, () => {})`;
  // What navigates ends its own script.
  await page.evaluate(source).catch(() => {});
}

test("every way out would lead to the canary where it is allowed, or is closed anyhow", async () => {
  egress.follow(policy(canary.host));
  const before = canary.heard.length;
  await using it = await open();
  for (const code of Object.values(waysOut)) await attempt(it.page, code(canary.host));
  egress.follow(policy());
  const paths = canary.heard.slice(before).map((line) => line.split(" ")[1]);
  expect(new Set(paths).size).toBeGreaterThanOrEqual(20);
});

test.each(Object.entries(waysOut))(
  "%s does not reach the canary, neither by its address nor by a name that leads there",
  async (_name, code) => {
    names["evil.test"] = () => ["127.0.0.1"];
    const before = canary.heard.length;
    await using it = await open();
    await attempt(it.page, code(canary.host));
    // What the attempt began may still be leading its own page elsewhere.
    await using again = await open();
    await attempt(again.page, code(`evil.test:${canary.port}`));
    expect(canary.heard.slice(before)).toEqual([]);
  },
);

test.each(["/refresh", "/reporting", "/preload"])("what %s answers with does not lead the browser to the canary", async (path) => {
  const before = canary.heard.length;
  await using it = await open(path);
  await it.page.waitForTimeout(500);
  expect(canary.heard.slice(before)).toEqual([]);
});

test("a name is looked up once for a connection: what its server says later leads nowhere else", async () => {
  let asked = 0;
  names["rebind.test"] = () => (++asked % 2 === 1 ? ["192.0.2.1", "127.0.0.1"] : ["127.0.0.1"]);
  const before = canary.heard.length;
  await using it = await open();
  for (let tries = 0; tries < 5; tries++)
    await it.page.evaluate((port) => fetch(`http://rebind.test:${port}/`, { mode: "no-cors" }).catch(() => {}), canary.port);
  expect(canary.heard.slice(before)).toEqual([]);
});

test("requests that no page makes, made with the browser's cookies, go the same way", async () => {
  await using it = await open();
  expect(await (await it.context.request.get(`${site.url}/`)).text()).toContain("hostile");
  for (const url of [`http://${canary.host}/api`, `https://${canary.host}/api`, `http://localhost:${canary.port}/`]) {
    const answer = await it.context.request.get(url, { maxRedirects: 0 }).catch(() => undefined);
    expect([403, undefined]).toContain(answer?.status());
  }
  expect(canary.heard.filter((line) => line.includes("/api"))).toEqual([]);
});

test("what was denied was told, each host and rule once", () => {
  expect(denied).toContain(`${canary.host} private_network`);
  expect(denied).toContain(`evil.test:${canary.port} private_network`);
  expect(new Set(denied).size).toBe(denied.length);
});
