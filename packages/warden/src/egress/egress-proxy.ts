import { once } from "node:events";
import { chmod, unlink } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { EgressDenial } from "@clew/egress/egress-policy";
import { targetOf } from "@clew/egress/judge-address";
import { type HostAndPort, readAuthority, readHost } from "@clew/egress/judge-host";
import { createServer } from "@clew/process/plain-http";
import { joinSockets } from "@clew/streams/join-sockets";
import type { EgressGate } from "./egress-gate.ts";
import type { EgressEntry, EgressLedger } from "./egress-ledger.ts";
import { Failures } from "./failures.ts";
import { FarConnections } from "./far-connections.ts";
import { openWay, WayDenied } from "./open-way.ts";
import { OpeningAgent, passOn } from "./pass-on.ts";

/** What a proxy goes by, and where it writes down what it saw. */
export interface EgressProxyOptions {
  /** Where it listens: whoever may reach this socket is the sandbox. */
  readonly socketPath: string;
  readonly gate: EgressGate;
  readonly ledger: EgressLedger;
  /** Called for the first denial of each host, port and rule. */
  readonly onDenied: (entry: Readonly<EgressEntry>, denial: EgressDenial) => void;
}

/** A running proxy. */
export interface EgressProxy extends AsyncDisposable {
  /** Ends every connection there is. */
  cut(): void;
}

/** The most connections it takes at once, and the most it has to the world. */
const mostConnections = 512;
const headerBytes = 256 * 1024;

/**
 * Starts the proxy of one sandbox, its only way out, on a Unix socket: nobody else reaches it, so it asks for no password. It opens tunnels (CONNECT),
 * passes on plain requests, and answers `GET /judge?host=…&port=…`, which no page can ask, with what speaks against a connection. What is denied gets
 * 403 with the rule's name. Dispose it to close it with its connections.
 */
export async function startEgressProxy(options: EgressProxyOptions): Promise<EgressProxy> {
  const { socketPath, gate, ledger } = options;
  const failures = new Failures();
  const connections = new FarConnections(mostConnections);
  const agent = new OpeningAgent(async (target) => {
    if (connections.isFull) agent.endIdle();
    return await connections.add(() => openWay(target, gate));
  });
  const open = new Set<Duplex>();
  const answers = new WeakMap<Duplex, ServerResponse>();

  /** Judges a connection that is asked for, and notes it. */
  async function admit(target: HostAndPort): Promise<EgressEntry | EgressDenial> {
    const verdict = await gate.judge(target);
    const denial = "denial" in verdict ? verdict.denial : undefined;
    return denial === undefined ? ledger.note(target.host, target.port, "").entry : deny(target, denial);
  }

  function deny(target: HostAndPort, denial: EgressDenial): EgressDenial {
    const { entry, isFirst } = ledger.note(target.host, target.port, denial.rule);
    if (isFirst) options.onDenied(entry, denial);
    return denial;
  }

  async function judge(url: URL, response: ServerResponse): Promise<void> {
    const host = readHost(url.searchParams.get("host") ?? "");
    const port = Number(url.searchParams.get("port"));
    if (url.pathname !== "/judge" || host === undefined || !isPort(port)) return void response.writeHead(400).end();
    const verdict = await gate.judge({ host, port });
    const failure = failures.of({ host, port });
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ...("denial" in verdict && { denial: verdict.denial }), ...(failure && { failure }) }));
  }

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = request.url ?? "";
    if (address.startsWith("/")) return await judge(new URL(address, "http://warden"), response);
    const target = targetOf(address);
    const url = URL.parse(address);
    if (target === undefined || url?.protocol !== "http:" || !isPort(target.port)) return void response.writeHead(400).end();
    const admitted = await admit(target);
    if ("message" in admitted) return refuse(response, admitted);
    const onDenied = (denial: EgressDenial) => {
      ledger.takeBack(admitted);
      refuse(response, deny(target, denial));
    };
    passOn(request, response, { target, url, agent, entry: admitted, failures, onDenied });
  }

  async function tunnel(request: IncomingMessage, near: Duplex, head: Buffer): Promise<void> {
    const target = readAuthority(request.url ?? "");
    if (target === undefined) return void near.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
    const admitted = await admit(target);
    if ("message" in admitted) return refuseTunnel(near, admitted);
    let far: Socket;
    try {
      if (connections.isFull) agent.endIdle();
      far = await connections.add(() => openWay(target, gate));
    } catch (error) {
      failures.note(target, error);
      if (error instanceof WayDenied) {
        ledger.takeBack(admitted);
        return refuseTunnel(near, deny(target, error.denial));
      }
      return void near.end("HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n");
    }
    if (near.destroyed) return void far.destroy();
    failures.forget(target);
    ledger.follow(admitted, far);
    near.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    if (head.length > 0) near.unshift(head);
    joinSockets(near, far);
  }

  /** Whether a connection's last request is not answered yet: who asks for more meanwhile, as no browser does, could have any number of ways opened. */
  function isBusy(near: Duplex): boolean {
    return answers.get(near)?.writableFinished === false;
  }

  function hold(socket: Duplex): void {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  }

  const server = createServer({ maxHeaderSize: headerBytes, requestTimeout: 0, keepAliveTimeout: 60_000 });
  server.maxConnections = mostConnections;
  server.on("connection", hold);
  server.on("request", (request, response) => {
    if (isBusy(request.socket)) return void request.socket.destroy();
    answers.set(request.socket, response);
    void pass(request, response).catch(() => request.socket.destroy());
  });
  server.on("connect", (request, socket, head) => {
    socket.on("error", () => {});
    if (isBusy(socket)) return void socket.destroy();
    void tunnel(request, socket, head).catch(() => socket.destroy());
  });
  await unlink(socketPath).catch(() => {});
  server.listen(socketPath);
  await once(server, "listening");
  // The sandbox may be another user of the machine; the folder it lies in lets in nobody else.
  await chmod(socketPath, 0o666);
  return {
    cut() {
      connections.cut();
      agent.endIdle();
      for (const socket of open) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      connections[Symbol.dispose]();
      agent.destroy();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function refuse(response: ServerResponse, { rule, message }: EgressDenial): void {
  response.writeHead(403, { "content-type": "text/plain; charset=utf-8", "clew-egress": rule, connection: "close" });
  response.end(`${message}\n`);
}

function refuseTunnel(near: Duplex, { rule, message }: EgressDenial): void {
  const length = Buffer.byteLength(message);
  near.end(
    `HTTP/1.1 403 Forbidden\r\nclew-egress: ${rule}\r\ncontent-type: text/plain\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${message}`,
  );
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
