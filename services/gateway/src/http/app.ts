import type { Socket } from "node:net";
import { Fault } from "@clew/fault/fault";
import type { Logger } from "@clew/process/logger";
import { type FastifyInstance, type FastifyServerFactory, fastify } from "fastify";
import type { GatewayConfig } from "../config.ts";
import { guardDoor, sendFault, toFault } from "./door.ts";
import { toErrorBody } from "./error-body.ts";
import type { Metrics } from "./metrics.ts";
import { toRequestId } from "./request-id.ts";
import { createSecureServer } from "./secure-server.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Which door the route belongs to, for logs and metrics. */
    readonly door?: "rest" | "sse" | "connect" | "plain";
  }
}

/** What the HTTP server needs before it has routes. */
export interface AppOptions {
  readonly config: GatewayConfig;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly newId: () => string;
}

/** Makes the HTTP server: who is let in, what errors look like, what is logged and counted. It has no routes yet and does not listen. */
export function createApp({ config, log, metrics, newId }: AppOptions): FastifyInstance {
  const { tls } = config;
  const serverFactory: FastifyServerFactory | undefined = tls && ((handler) => createSecureServer(tls, handler));
  const app: FastifyInstance = fastify({
    ...(serverFactory && { serverFactory }),
    // fastify's own log holds query strings.
    logger: false,
    genReqId: ({ headers }) => toRequestId(headers["x-request-id"], newId),
    requestIdHeader: false,
    // For the whole request to come in; an answer may take as long as it likes.
    requestTimeout: 300_000,
    routerOptions: { maxParamLength: 500 },
    forceCloseConnections: "idle",
    return503OnClosing: false,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    frameworkErrors: (error, request, reply) => sendFault(reply.header("x-request-id", request.id), toFault(error)),
    clientErrorHandler: (_error, socket) => refuseNonsense(socket),
  });
  guardDoor(app, { ...config, isUnixSocket: config.address.kind === "unix" });
  app.setErrorHandler((error, request, reply) => {
    const fault = toFault(error);
    if (fault.reason === "INTERNAL")
      log.error({ requestId: request.id, route: request.routeOptions.url, err: fault.cause ?? fault }, "request failed");
    if (!reply.raw.headersSent) sendFault(reply, fault);
  });
  app.setNotFoundHandler(() => {
    throw new Fault("ROUTE_NOT_FOUND");
  });
  app.addHook("onResponse", async (request, reply) => {
    const {
      url: route = "unknown",
      config: { door = "plain" },
    } = request.routeOptions;
    metrics.requests.inc({ door, route, status: reply.raw.statusCode });
    if (door === "rest") metrics.durations.observe({ door }, reply.elapsedTime / 1_000);
    log.debug(
      { requestId: request.id, method: request.method, route, status: reply.raw.statusCode, durationMs: Math.round(reply.elapsedTime) },
      "request answered",
    );
  });
  return app;
}

/** No route has a schema: what is asked is checked by the proto's types. Named, so that fastify does not load its own compilers at every start. */
function noSchemas(): never {
  throw new Error("a route has a schema, and nothing here compiles it");
}

/** Answers bytes that are no HTTP request in the common shape, and closes. */
function refuseNonsense(socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const body = JSON.stringify(toErrorBody(new Fault("INVALID_REQUEST", { message: "The request is not valid HTTP." })));
  const head = [
    "HTTP/1.1 400 Bad Request",
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
