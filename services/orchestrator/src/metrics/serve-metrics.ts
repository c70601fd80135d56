import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import { isIP } from "node:net";
import { type Address, formatAddress } from "@clew/process/address";
import { SettingsError } from "@clew/process/settings";
import type { Metrics } from "./metrics.ts";

/** Where metrics are served. Dispose it to serve them no more. */
export interface MetricsServer extends AsyncDisposable {
  readonly address: Address;
}

/**
 * Answers `GET /metrics`, to whoever reaches the address by a number or as localhost: a name could be anybody's that leads here.
 *
 * @throws SettingsError where nothing can listen there.
 */
export async function serveMetrics(address: Address, { text, contentType }: Pick<Metrics, "text" | "contentType">): Promise<MetricsServer> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    const host = URL.parse(`http://${request.headers.host ?? ""}`)?.hostname ?? "";
    const isNamed = address.kind === "tcp" && host !== "localhost" && isIP(host.replace(/^\[(.*)\]$/, "$1")) === 0;
    const isKnown = (request.method === "GET" || request.method === "HEAD") && request.url?.split("?")[0] === "/metrics";
    if (isNamed || !isKnown) return void response.writeHead(isNamed ? 403 : 404).end();
    text().then(
      (body) => response.writeHead(200, { "content-type": contentType }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  server.maxConnections = 32;
  if (address.kind === "unix") await rm(address.path, { force: true });
  try {
    const listening = once(server, "listening");
    server.listen(address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port });
    await listening;
  } catch (cause) {
    const where = formatAddress(address);
    throw new SettingsError(`CLEW_METRICS_ADDRESS: cannot listen on ${where}; stop what listens there, or set another address`, { cause });
  }
  const bound = server.address();
  return {
    address: address.kind === "tcp" && bound !== null && typeof bound === "object" ? { ...address, port: bound.port } : address,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
