import { once } from "node:events";
import { createServer, type Server as HttpServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EgressLedger } from "./egress-ledger.ts";
import { type EgressProxy, type EgressProxyOptions, startEgressProxy } from "./egress-proxy.ts";
import type { JudgeEgress } from "./egress-rules.ts";

let site: HttpServer;
let sitePort: number;
const heard: string[] = [];

beforeAll(async () => {
  site = createServer((asked, answer) => {
    heard.push(asked.url ?? "");
    answer.end("x".repeat(1_000));
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  sitePort = (site.address() as AddressInfo).port;
});
afterAll(() => void site.close());

/** Allows the site by its checked address, and nothing else. */
const onlySite: JudgeEgress = (_host, port, addresses) =>
  port === sitePort && addresses.every((address) => address === "127.0.0.1") ? undefined : { rule: "private_network", message: "No." };

async function start(options: Partial<EgressProxyOptions> = {}) {
  const ledger = new EgressLedger();
  const denied: string[] = [];
  const proxy = await startEgressProxy({
    judge: onlySite,
    resolve: async (host) => (host === "site.test" ? ["127.0.0.1"] : host === "nowhere.test" ? [] : [host]),
    ledger,
    onDenied: ({ host, rule }) => denied.push(`${host} ${rule}`),
    ...options,
  });
  return { proxy, ledger, denied, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

test("lets a plain request through to the address that was checked, and counts its bytes", async () => {
  await using way = await start();
  expect(await get(way.proxy, `http://site.test:${sitePort}/plain`)).toMatchObject({ status: 200, length: 1_000 });
  expect(heard).toContain("/plain");
  await expect.poll(() => way.ledger.entries[0]?.bytesReceived).toBeGreaterThan(1_000);
  expect(way.ledger.entries).toMatchObject([{ host: "site.test", port: sitePort, rule: "", connections: 1 }]);
});

test("tunnels to the address that was checked", async () => {
  await using way = await start();
  expect(await tunnel(way.proxy, `site.test:${sitePort}`)).toMatch(/^HTTP\/1.1 200/);
});

test.each(["10.0.0.1", "[::1]", "169.254.169.254"])("denies %s, says so once and counts all", async (host) => {
  await using way = await start();
  expect(await tunnel(way.proxy, `${host}:80`)).toMatch(/^HTTP\/1.1 403/);
  expect(await get(way.proxy, `http://${host}/`)).toMatchObject({ status: 403 });
  expect(way.denied).toEqual([`${host} private_network`]);
  expect(way.ledger.entries).toMatchObject([{ host, rule: "private_network", connections: 2 }]);
});

test("denies a host that has no address", async () => {
  await using way = await start();
  expect(await tunnel(way.proxy, "nowhere.test:443")).toMatch(/^HTTP\/1.1 403/);
  expect(way.denied).toEqual(["nowhere.test unresolved"]);
});

test("denies a host when any one of its addresses is forbidden", async () => {
  await using way = await start({ resolve: async () => ["127.0.0.1", "10.0.0.1"] });
  expect(await tunnel(way.proxy, `site.test:${sitePort}`)).toMatch(/^HTTP\/1.1 403/);
});

test("asks for a name once, so that a second answer leads nowhere else", async () => {
  let asked = 0;
  await using way = await start({ resolve: async () => (++asked === 1 ? ["127.0.0.1"] : ["10.0.0.1"]) });
  expect(await get(way.proxy, `http://site.test:${sitePort}/once`)).toMatchObject({ status: 200 });
  expect(asked).toBe(1);
});

test("refuses whoever does not know the password", async () => {
  await using way = await start();
  expect(await get({ ...way.proxy, password: "wrong" }, `http://site.test:${sitePort}/secret`)).toMatchObject({ status: 407 });
  expect(heard).not.toContain("/secret");
  expect(way.ledger.entries).toEqual([]);
});

test("a ledger that is full adds up what else comes", () => {
  const ledger = new EgressLedger({ mostEntries: 2 });
  for (let index = 0; index < 10; index++) ledger.note(`host-${index}`, 80, "");
  expect(ledger.entries.map(({ host, connections }) => [host, connections])).toEqual([
    ["host-0", 1],
    ["host-1", 1],
    ["*", 8],
  ]);
});

function authorization({ user, password }: Pick<EgressProxy, "user" | "password">): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

async function get(
  proxy: Pick<EgressProxy, "port" | "user" | "password">,
  url: string,
): Promise<{ status: number | undefined; length: number }> {
  const { host } = new URL(url);
  const asked = request({
    host: "127.0.0.1",
    port: proxy.port,
    path: url,
    headers: { host, "proxy-authorization": authorization(proxy), connection: "close" },
  }).end();
  const [answer] = await once(asked, "response");
  let length = 0;
  for await (const chunk of answer) length += chunk.length;
  return { status: answer.statusCode, length };
}

async function tunnel(proxy: EgressProxy, target: string): Promise<string> {
  const socket = connect(proxy.port, "127.0.0.1");
  socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\nproxy-authorization: ${authorization(proxy)}\r\n\r\n`);
  const [head] = await once(socket, "data");
  socket.destroy();
  return String(head);
}
