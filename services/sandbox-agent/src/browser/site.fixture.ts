import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers one request: a page's HTML, or whatever it writes itself. */
export type SiteRoute = (request: IncomingMessage, response: ServerResponse) => string | undefined | Promise<string | undefined>;

/** A small site for tests, and what it was asked for. */
export interface Site extends AsyncDisposable {
  readonly url: string;
  readonly host: string;
  /** Method and address of each request, in order. */
  readonly asked: readonly string[];
  /** The bodies of requests that had one, in order. */
  readonly bodies: readonly string[];
}

/** Starts a site on a free port of 127.0.0.1; routes by path. */
export async function startSite(routes: Readonly<Record<string, SiteRoute | string>>): Promise<Site> {
  const asked: string[] = [];
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
    if (body !== "") bodies.push(body);
    const route = routes[new URL(request.url ?? "/", "http://site").pathname];
    if (route === undefined) return void response.writeHead(404).end();
    const html = typeof route === "string" ? route : await route(request, response);
    if (html !== undefined)
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(`<link rel="icon" href="data:,">${html}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const host = `127.0.0.1:${port}`;
  return {
    url: `http://${host}`,
    host,
    asked,
    bodies,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
