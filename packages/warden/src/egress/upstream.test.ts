import { once } from "node:events";
import { createServer as createHttpServer, request } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { EgressPolicy } from "@clew/egress/egress-policy";
import { metadataServices } from "@clew/egress/metadata-services";
import { joinSockets } from "@clew/streams/join-sockets";
import { afterAll, beforeAll, expect, test } from "vitest";
import { selfSigned } from "../../../../test/support/self-signed.ts";
import { type TempFolder, tempFolder } from "../../../../test/support/temp-folder.ts";
import { SandboxEgress } from "./sandbox-egress.ts";

/** What an upstream proxy was asked for, and by whom. */
const asked: { target: string; authorization: string }[] = [];
let folder: TempFolder;
let site: ReturnType<typeof createHttpServer>;
let upstream: Server;
const open = new Set<Socket>();

beforeAll(async () => {
  folder = await tempFolder();
  site = createHttpServer((seen, answer) => answer.end(`site ${seen.headers.host}${seen.url}`)).listen(0, "127.0.0.1");
  const proxy = createHttpServer().on("connect", (seen, near) => {
    asked.push({ target: seen.url ?? "", authorization: seen.headers["proxy-authorization"] ?? "" });
    if (seen.headers["proxy-authorization"] !== `Basic ${Buffer.from("user:p@ss").toString("base64")}`)
      return void near.end("HTTP/1.1 407 No\r\nconnection: close\r\n\r\n");
    // Whatever address it is told, it leads to the site.
    const far = connect(portOf(site), "127.0.0.1", () => near.write("HTTP/1.1 200 OK\r\n\r\n"));
    joinSockets(near, far);
  });
  upstream = proxy.listen(0, "127.0.0.1").on("connection", (socket) => open.add(socket));
  await Promise.all([once(site, "listening"), once(upstream, "listening")]);
});
afterAll(async () => {
  for (const socket of open) socket.destroy();
  site.closeAllConnections();
  site.close();
  upstream.close();
  await folder[Symbol.asyncDispose]();
});

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

const known: Readonly<Record<string, readonly string[]>> = {
  "shop.test": ["2606:4700::1111", "93.184.216.34"],
  "inside.test": ["10.0.0.1"],
  "named.test": ["127.0.0.1"],
};

let started = 0;

async function start(policy: Partial<EgressPolicy>) {
  const socketPath = join(folder.path, `egress-${++started}`);
  const egress = await SandboxEgress.open({
    socketPath,
    resolve: async (host) => known[host] ?? [],
    say: () => {},
  });
  const proxy = `127.0.0.1:${portOf(upstream)}`;
  egress.follow({
    allowedDomains: [],
    blockedDomains: [],
    allowPrivateNetworks: false,
    allowedPrivateHosts: [proxy],
    forbidden: [...metadataServices],
    upstream: `http://user:p%40ss@${proxy}`,
    ...policy,
  });
  return { socketPath, counts: () => egress.counts, [Symbol.asyncDispose]: () => egress[Symbol.asyncDispose]() };
}

async function get(socketPath: string, url: string): Promise<{ status: number; body: string }> {
  const sent = request({ socketPath, path: url, headers: { host: new URL(url).host, connection: "close" } }).end();
  const [answer] = await once(sent, "response");
  return { status: answer.statusCode, body: await text(answer) };
}

async function tunnel(socketPath: string, target: string): Promise<string> {
  const socket = connect(socketPath);
  socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`);
  const [head] = await once(socket, "data");
  socket.destroy();
  return String(head);
}

test("an upstream proxy is told the address that was checked and not the name, and who is let in", async () => {
  await using way = await start({});
  expect(await get(way.socketPath, "http://shop.test/plain")).toEqual({ status: 200, body: "site shop.test/plain" });
  expect(await tunnel(way.socketPath, "shop.test:443")).toMatch(/^HTTP\/1.1 200/);
  const authorization = `Basic ${Buffer.from("user:p@ss").toString("base64")}`;
  expect(asked.splice(0)).toEqual([
    { target: "93.184.216.34:80", authorization },
    { target: "93.184.216.34:443", authorization },
  ]);
});

test("an upstream proxy behind TLS is told the same, where it shows a certificate of its name that is trusted, and else nothing at all", async () => {
  const { cert, key } = selfSigned();
  const heard: string[] = [];
  const proxy = createHttpsServer({ cert, key }).on("connect", (seen, near) => {
    heard.push(`${seen.url} ${seen.headers["proxy-authorization"]}`);
    const far = connect(portOf(site), "127.0.0.1", () => near.write("HTTP/1.1 200 OK\r\n\r\n"));
    joinSockets(near, far);
  });
  proxy.on("connection", (socket) => open.add(socket)).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const host = `127.0.0.1:${portOf(proxy)}`;
  const usual = getCACertificates("default");
  try {
    await using way = await start({ upstream: `https://user:p%40ss@${host}`, allowedPrivateHosts: [host] });
    expect(await tunnel(way.socketPath, "shop.test:443")).toMatch(/^HTTP\/1.1 502/);
    expect(heard).toEqual([]);
    setDefaultCACertificates([...usual, cert]);
    expect(await get(way.socketPath, "http://shop.test/plain")).toEqual({ status: 200, body: "site shop.test/plain" });
    expect(await tunnel(way.socketPath, "shop.test:443")).toMatch(/^HTTP\/1.1 200/);
    const authorization = `Basic ${Buffer.from("user:p@ss").toString("base64")}`;
    expect(heard).toEqual([`93.184.216.34:80 ${authorization}`, `93.184.216.34:443 ${authorization}`]);
    // It leads to the same server, whose certificate is of another name.
    const named = { upstream: `https://user:p%40ss@named.test:${portOf(proxy)}`, allowedPrivateHosts: [`named.test:${portOf(proxy)}`] };
    await using other = await start(named);
    expect(await tunnel(other.socketPath, "shop.test:443")).toMatch(/^HTTP\/1.1 502/);
    expect(heard).toHaveLength(2);
  } finally {
    setDefaultCACertificates(usual);
    proxy.close();
  }
});

test("what may not be reached is not asked of an upstream proxy", async () => {
  await using way = await start({ blockedDomains: ["shop.test"] });
  for (const target of ["10.0.0.1:80", "inside.test:80", "169.254.169.254:80", "shop.test:443", "nowhere.test:443"])
    expect(await tunnel(way.socketPath, target)).toMatch(/^HTTP\/1.1 403/);
  expect(asked.splice(0)).toEqual([]);
});

test("a connection that an upstream proxy refuses is not made, and its status is known", async () => {
  await using way = await start({ upstream: `http://127.0.0.1:${portOf(upstream)}` });
  expect(await tunnel(way.socketPath, "shop.test:443")).toMatch(/^HTTP\/1.1 502/);
  const answer = request({ socketPath: way.socketPath, path: "/judge?host=shop.test&port=443" }).end();
  const [response] = await once(answer, "response");
  expect(JSON.parse(await text(response))).toEqual({ failure: "UPSTREAM_407" });
  asked.splice(0);
});

test.each([
  ["a private address that nobody named", { allowedPrivateHosts: [] }],
  ["a metadata service", { upstream: "http://169.254.169.254:80", allowPrivateNetworks: true }],
  ["a host that nobody knows", { upstream: "http://nowhere.test:8080" }],
])("%s is no upstream proxy", async (_name, policy) => {
  await using way = await start(policy);
  const head = await tunnel(way.socketPath, "shop.test:443");
  expect(head).toMatch(/^HTTP\/1.1 403 Forbidden\r\nclew-egress: \w+\r\n/);
  // A page is not told which proxy a run has.
  expect(head).toContain("The run's proxy may not be reached.");
  expect(asked).toEqual([]);
  expect(way.counts()).toEqual({ connections: 0, denied: 1 });
});

test("an upstream proxy that answers nothing, or nonsense, breaks only its own connection", async () => {
  const strange = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {}).once("data", () => socket.end("\u0000nonsense\r\n\r\n"));
  }).listen(0, "127.0.0.1");
  await once(strange, "listening");
  const proxy = `127.0.0.1:${portOf(strange)}`;
  await using way = await start({ upstream: `http://${proxy}`, allowedPrivateHosts: [proxy] });
  expect(await tunnel(way.socketPath, "shop.test:443")).toMatch(/^HTTP\/1.1 502/);
  expect(await tunnel(way.socketPath, "shop.test:443")).toMatch(/^HTTP\/1.1 502/);
  strange.close();
});
