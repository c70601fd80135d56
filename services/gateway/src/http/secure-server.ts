import type { RequestListener, Server } from "node:http";
import { createSecureServer as createHttp2Server } from "node:http2";
import type { TlsConfig } from "../config.ts";

/** Streams one connection may carry at a time. */
const maxConcurrentStreams = 128;
/** Megabytes one connection may hold for readers who take nothing: each of its streams may hold a quarter of one. */
const maxSessionMemory = 64;

/** Makes a server that speaks HTTP/2, and HTTP/1.1 with those who do not. */
export function createSecureServer({ cert, key, clientCa }: TlsConfig, handler: RequestListener): Server {
  const server = createHttp2Server({
    cert,
    key,
    allowHTTP1: true,
    maxSessionMemory,
    settings: { maxConcurrentStreams },
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  });
  // Node gives HTTP/2 requests and responses the methods of HTTP/1.1's, and types that are no kin of theirs.
  const asHttp = server as unknown as Server;
  return asHttp.on("request", handler);
}
