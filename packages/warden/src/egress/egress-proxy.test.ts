import { once } from "node:events";
import { createServer, type Server as HttpServer, request } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { EgressPolicy } from "@clew/egress/egress-policy";
import { metadataServices } from "@clew/egress/metadata-services";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { EgressGate } from "./egress-gate.ts";
import { EgressLedger } from "./egress-ledger.ts";
import { startEgressProxy } from "./egress-proxy.ts";
import type { ResolveHost } from "./resolve-host.ts";

let folder: TempFolder;
let site: HttpServer;
let port: number;
const heard: string[] = [];

beforeAll(async () => {
  folder = await tempFolder();
  site = createServer(async (asked, answer) => {
    heard.push(`${asked.method} ${asked.headers.host}${asked.url} ${await text(asked)}`.trim());
    if (asked.url === "/moved") answer.writeHead(302, { location: "http://10.0.0.1/" }).end();
    else answer.setHeader("x-seen", Object.keys(asked.headers).join(" ")).end("x".repeat(1_000));
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  port = (site.address() as AddressInfo).port;
});
afterAll(async () => {
  site.closeAllConnections();
  site.close();
  await folder[Symbol.asyncDispose]();
});

const names: Readonly<Record<string, readonly string[]>> = {
  "site.test": ["127.0.0.1"],
  "mixed.test": ["127.0.0.1", "10.0.0.1"],
  "inside.test": ["10.0.0.1"],
  "metadata.test": ["169.254.169.254"],
};
const resolveByTable: ResolveHost = async (host) => names[host] ?? [];

let started = 0;

/** A proxy whose sandbox may reach the site under its name, and what else the policy says. */
async function start(policy: Partial<EgressPolicy> | "none" = {}, resolve = resolveByTable) {
  const gate = new EgressGate(resolve);
  const allowed = { allowedDomains: [], blockedDomains: [], allowPrivateNetworks: false };
  if (policy !== "none") {
    gate.policy = {
      ...allowed,
      allowedPrivateHosts: [`site.test:${port}`, `127.0.0.1:${port}`],
      forbidden: [...metadataServices],
      ...policy,
    };
  }
  const ledger = new EgressLedger();
  const denied: string[] = [];
  const socketPath = join(folder.path, `egress-${++started}`);
  const proxy = await startEgressProxy({ socketPath, gate, ledger, onDenied: ({ host, rule }) => denied.push(`${host} ${rule}`) });
  return { socketPath, gate, ledger, denied, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

test("passes a plain request on to the address that was checked, and counts its bytes", async () => {
  await using way = await start();
  expect(await get(way, `http://site.test:${port}/plain?q=1`)).toMatchObject({ status: 200, body: "x".repeat(1_000) });
  expect(heard).toContain(`GET site.test:${port}/plain?q=1`);
  await expect.poll(() => way.ledger.entries[0]?.bytesReceived).toBeGreaterThan(1_000);
  expect(way.ledger.entries).toMatchObject([{ host: "site.test", port, rule: "", connections: 1 }]);
});

test("passes on what is posted, and nothing that is about the connection or lets in to a proxy", async () => {
  await using way = await start();
  const headers = { "proxy-authorization": "Basic eDp5", "x-hop": "1", connection: "x-hop", "x-mine": "2" };
  const posted = await get(way, `http://site.test:${port}/posted`, { method: "POST", headers, body: "hello" });
  expect(heard).toContain(`POST site.test:${port}/posted hello`);
  expect(posted.headers["x-seen"]).toContain("x-mine");
  expect(posted.headers["x-seen"]).not.toMatch(/x-hop|proxy-/);
});

test("sends a request to the host it was judged by, whatever host its headers name", async () => {
  await using way = await start();
  await get(way, `http://site.test:${port}/fronted`, { headers: { host: "evil.test" } });
  expect(heard).toContain(`GET site.test:${port}/fronted`);
});

test("tunnels to the address that was checked, and counts the bytes of a tunnel that is still open", async () => {
  await using way = await start();
  const { head, socket } = await tunnel(way, `site.test:${port}`);
  expect(head).toMatch(/^HTTP\/1.1 200/);
  socket.write("GET /tunnelled HTTP/1.1\r\nhost: site.test\r\n\r\n");
  await once(socket, "data");
  expect(heard).toContain("GET site.test/tunnelled");
  expect(way.ledger.entries).toMatchObject([{ host: "site.test", bytesSent: 44 }]);
  expect(way.ledger.bytes).toBeGreaterThan(1_000);
  socket.destroy();
});

test.each([
  ["10.0.0.1", "private_network"],
  ["[::1]", "private_network"],
  ["127.1", "private_network"],
  ["0x7f.0.0.1", "private_network"],
  ["localhost", "private_network"],
  ["inside.test", "private_network"],
  ["mixed.test", "private_network"],
  ["169.254.169.254", "metadata_service"],
  ["[::ffff:169.254.169.254]", "metadata_service"],
  ["metadata.test", "metadata_service"],
  ["nowhere.test", "unresolved"],
  ["blocked.test", "blocked_domains"],
])("denies %s by %s, plain and tunnelled, says so once and counts all", async (host, rule) => {
  await using way = await start({ blockedDomains: ["blocked.test"] });
  expect(await get(way, `http://${host}/`)).toMatchObject({ status: 403, headers: { "clew-egress": rule } });
  const { head } = await tunnel(way, `${host}:80`);
  expect(head).toMatch(new RegExp(`^HTTP/1.1 403 Forbidden\r\nclew-egress: ${rule}\r\n`));
  expect(way.denied).toHaveLength(1);
  expect(way.ledger.entries).toMatchObject([{ rule, connections: 2, bytesSent: 0, bytesReceived: 0 }]);
});

test("denies everything until there is a policy", async () => {
  await using way = await start("none");
  expect((await tunnel(way, `site.test:${port}`)).head).toContain("clew-egress: no_policy");
  way.gate.policy = { allowedDomains: [], blockedDomains: [], allowPrivateNetworks: true, allowedPrivateHosts: [], forbidden: [] };
  expect((await tunnel(way, `site.test:${port}`)).head).toMatch(/^HTTP\/1.1 200/);
});

test("looks up no name that is denied by its name", async () => {
  const asked: string[] = [];
  const resolve: ResolveHost = async (host) => {
    asked.push(host);
    return [];
  };
  await using way = await start({ allowedDomains: ["site.test"] }, resolve);
  await tunnel(way, "secret.evil.test:443");
  await tunnel(way, "10.0.0.1:443");
  expect(asked).toEqual([]);
});

test.each([
  `${"a".repeat(60)}.`.repeat(5).concat("test:80"),
  "no-port",
  "site.test:0",
  "site.test:99999",
  ":80",
  "site.test:80/path",
  "user@site.test:80",
  "a b:80",
  "%00:80",
])("opens no tunnel to %s", async (target) => {
  await using way = await start();
  const { head } = await tunnel(way, target);
  expect(head).toMatch(/^HTTP\/1.1 400/);
  expect(way.ledger.entries).toEqual([]);
});

test.each(["https://site.test/", "ftp://site.test/", "file:///etc/passwd", "http://"])("passes on no request for %s", async (url) => {
  await using way = await start();
  expect(await get(way, url)).toMatchObject({ status: 400 });
});

test("says what speaks against a connection, without making one or writing it down", async () => {
  await using way = await start();
  const ask = async (host: string) => JSON.parse((await get(way, `/judge?host=${host}&port=${port}`)).body);
  expect(await ask("site.test")).toEqual({});
  expect(await ask("inside.test")).toMatchObject({ denial: { rule: "private_network" } });
  expect(await ask("nowhere.test")).toMatchObject({ denial: { rule: "unresolved", message: expect.stringContaining("nowhere.test") } });
  expect(way.ledger.entries).toEqual([]);
  expect(await get(way, "http://site.test/judge?host=site.test&port=80")).toMatchObject({ status: 403 });
});

test("closes without an answer where there is none, and says why when it is asked", async () => {
  const closed = createTcpServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port: nobody } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, "close");
  await using way = await start({ allowPrivateNetworks: true });
  await expect(get(way, `http://127.0.0.1:${nobody}/`)).rejects.toThrow("socket hang up");
  expect(JSON.parse((await get(way, `/judge?host=127.0.0.1&port=${nobody}`)).body)).toEqual({ failure: "ECONNREFUSED" });
  expect((await tunnel(way, `127.0.0.1:${nobody}`)).head).toMatch(/^HTTP\/1.1 502/);
});

test.each([
  "HTTP/1.1 200 \u0001\r\nx: \u0001\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
  "HTTP/1.1 999 No\r\n\r\n",
  "HTTP/1.1 1 No\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r\nzz\r\n",
  "nonsense",
  "",
])("a server that answers %j breaks only its own connection", async (said) => {
  const strange = createTcpServer((socket) => {
    socket.on("error", () => {}).once("data", () => socket.end(said, "latin1"));
  }).listen(0, "127.0.0.1");
  await once(strange, "listening");
  await using way = await start({ allowPrivateNetworks: true });
  await get(way, `http://127.0.0.1:${(strange.address() as AddressInfo).port}/`).catch(() => {});
  expect(await get(way, `http://site.test:${port}/after`)).toMatchObject({ status: 200 });
  strange.close();
});

test("a redirect is the asker's to follow, and judged like any other request", async () => {
  await using way = await start();
  const moved = await get(way, `http://site.test:${port}/moved`);
  expect(moved).toMatchObject({ status: 302 });
  expect(await get(way, moved.headers["location"] ?? "")).toMatchObject({ status: 403 });
});

test("[weakness 26] a name that leads elsewhere when its way is opened is denied, told and counted as what it is, plain and tunnelled", async () => {
  let asked = 0;
  await using way = await start({ allowedPrivateHosts: [] }, async () => (asked++ % 2 === 0 ? ["93.184.216.34"] : ["10.0.0.9"]));
  expect(await get(way, "http://rebind.test/")).toMatchObject({ status: 403, headers: { "clew-egress": "private_network" } });
  expect((await tunnel(way, "rebind.test:80")).head).toMatch(/^HTTP\/1.1 403 Forbidden\r\nclew-egress: private_network/);
  expect(way.denied).toEqual(["rebind.test private_network"]);
  expect(way.ledger.entries).toMatchObject([{ host: "rebind.test", rule: "private_network", connections: 2 }]);
});

test("a connection that asks for more before it has its answer is closed, and has one way opened", async () => {
  let arrived = 0;
  const silent = createTcpServer((socket) => {
    arrived++;
    socket.on("error", () => {}).resume();
  }).listen(0, "127.0.0.1");
  await once(silent, "listening");
  await using way = await start({ allowPrivateNetworks: true });
  const socket = connect(way.socketPath).on("error", () => {});
  const target = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
  socket.write(`GET ${target} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(300));
  await once(socket, "close");
  expect(arrived).toBeLessThanOrEqual(1);
  silent.close();
});

test("ends every connection when it is disposed", async () => {
  const way = await start();
  const { socket } = await tunnel(way, `site.test:${port}`);
  const closed = once(socket, "close");
  await way[Symbol.asyncDispose]();
  await closed;
});

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function get({ socketPath }: { readonly socketPath: string }, path: string, { method = "GET", headers = {}, body }: Asked = {}) {
  const host = URL.parse(path)?.host ?? "";
  const asked = request({ socketPath, path, method, headers: { host, connection: "close", ...headers } }).end(body);
  const [answer] = await once(asked, "response");
  return { status: answer.statusCode as number, headers: answer.headers as Record<string, string>, body: await text(answer) };
}

async function tunnel({ socketPath }: { readonly socketPath: string }, target: string) {
  const socket = connect(socketPath).on("error", () => {});
  socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`);
  const [head] = await once(socket, "data");
  return { head: String(head), socket };
}
