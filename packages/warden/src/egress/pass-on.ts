import type { ClientRequest, ClientRequestArgs, IncomingMessage, ServerResponse } from "node:http";
import { isIPv6, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { EgressDenial } from "@clew/egress/egress-policy";
import { targetOf } from "@clew/egress/judge-address";
import type { HostAndPort } from "@clew/egress/judge-host";
import { Agent, request } from "@clew/process/plain-http";
import type { EgressEntry } from "./egress-ledger.ts";
import type { Failures } from "./failures.ts";
import { WayDenied } from "./open-way.ts";

/** The most idle connections that are kept for the next request. */
const mostIdle = 32;
const headerBytes = 256 * 1024;

/** Makes connections in the one way it is given, and keeps them for the next request to the same host. */
export class OpeningAgent extends Agent {
  readonly #open: (target: HostAndPort) => Promise<Socket>;

  constructor(open: (target: HostAndPort) => Promise<Socket>) {
    super({ keepAlive: true, maxFreeSockets: mostIdle });
    this.#open = open;
  }

  /** Ends the connections that nobody uses. */
  endIdle(): void {
    for (const sockets of Object.values(this.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  override createConnection({ host, port }: ClientRequestArgs, done: (error: Error | null, stream: Duplex) => void = () => {}): undefined {
    const target = targetOf(`http://${isIPv6(host ?? "") ? `[${host}]` : host}:${port}/`);
    const opening = target === undefined ? Promise.reject(new Error("There is no host.")) : this.#open(target);
    opening.then(
      (socket) => done(null, socket),
      (error) => done(error, new Socket()),
    );
  }
}

/** How a plain request is passed on. */
export interface PassOnOptions {
  /** The host it was judged by. */
  readonly target: HostAndPort;
  readonly url: URL;
  readonly agent: OpeningAgent;
  /** Where its bytes are counted. */
  readonly entry: EgressEntry;
  /** Where it is noted why it was not answered. */
  readonly failures: Failures;
  /** Answers it where its way turns out to be denied. */
  readonly onDenied: (denial: EgressDenial) => void;
}

/**
 * Passes a request on to the host it was judged by, whatever host its headers name, and the answer back. Where there is no answer the sandbox's connection
 * is closed without one: a status of ours would pass for the site's.
 */
export function passOn(near: IncomingMessage, answer: ServerResponse, options: PassOnOptions): void {
  const { target, url, agent, entry, failures } = options;
  const hasBody = near.headers["content-length"] !== undefined || near.headers["transfer-encoding"] !== undefined;
  const far = request({
    method: near.method,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 80 : Number(url.port),
    path: `${url.pathname}${url.search}`,
    headers: withHost(passedOn(near.rawHeaders), url.host),
    agent,
    insecureHTTPParser: true,
    maxHeaderSize: headerBytes,
  });
  let isSettled = false;
  countBytes(far, entry);
  answer.once("close", () => far.destroy());
  far.on("error", (error) => {
    if (isSettled) return void near.socket.destroy();
    failures.note(target, error);
    if (error instanceof WayDenied && !answer.destroyed) {
      isSettled = true;
      return options.onDenied(error.denial);
    }
    // A connection that was kept may have been closed meanwhile; what may change something is never sent twice.
    if (!far.reusedSocket || !isRepeatable(near) || answer.destroyed) return;
    isSettled = true;
    passOn(near, answer, options);
  });
  far.once("close", () => isSettled || near.socket.destroy());
  far.once("response", (response) => {
    isSettled = true;
    failures.forget(target);
    try {
      answer.writeHead(response.statusCode ?? 502, response.statusMessage, passedOn(response.rawHeaders));
    } catch {
      // What a server says need not be sayable.
      far.destroy();
      return void near.socket.destroy();
    }
    // What breaks off half way breaks off for the sandbox too.
    response.once("error", () => answer.destroy());
    response.pipe(answer);
  });
  if (hasBody) near.pipe(far);
  else far.end();
}

function isRepeatable({ method, headers }: IncomingMessage): boolean {
  return (method === "GET" || method === "HEAD") && headers["content-length"] === undefined && headers["transfer-encoding"] === undefined;
}

/** What is about one connection, and not about what is sent over it. */
const ofConnection: ReadonlySet<string> = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "proxy-authorization",
  "proxy-authenticate",
  "te",
  "trailer",
  "upgrade",
]);

function passedOn(raw: readonly string[]): string[] {
  const pairs = raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ""] as const] : []));
  const named = pairs.flatMap(([name, value]) => (/^connection$/i.test(name) ? value.toLowerCase().split(/\s*,\s*/) : []));
  return pairs.filter(([name]) => !ofConnection.has(name.toLowerCase()) && !named.includes(name.toLowerCase())).flat();
}

function withHost(raw: readonly string[], host: string): string[] {
  const others = raw.filter((_text, index) => !/^host$/i.test(raw[index - (index % 2)] ?? ""));
  return ["Host", host, ...others];
}

/** Adds what a request sent and received to its entry, once it is over. Its connection may be used by another after it. */
function countBytes(far: ClientRequest, entry: EgressEntry): void {
  far.once("socket", (socket) => {
    const { bytesRead, bytesWritten } = socket;
    far.once("close", () => {
      entry.bytesReceived += socket.bytesRead - bytesRead;
      entry.bytesSent += socket.bytesWritten - bytesWritten;
    });
  });
}
