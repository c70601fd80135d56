import { Fault } from "@clew/fault/fault";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { corsHeaders, preflightHeaders } from "./cors.ts";
import { toErrorBody, toErrorHeaders } from "./error-body.ts";
import { isHostAllowed } from "./host-check.ts";
import { isOriginAllowed, isOwnOrigin } from "./origin-check.ts";

/** Whom the door lets in. */
export interface DoorRules {
  /** Names beside loopback's and our own address that requests may be sent to. */
  readonly allowedHosts: readonly string[];
  /** Origins beside our own whose pages may call. */
  readonly corsOrigins: readonly string[];
  /** Whether the gateway listens on a Unix socket, where a port means nothing. */
  readonly isUnixSocket: boolean;
}

/** Checks each request's Host and Origin before anything else looks at it, and answers the preflights of configured origins. */
export function guardDoor(app: FastifyInstance, { allowedHosts, corsOrigins, isUnixSocket }: DoorRules): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id).header("x-content-type-options", "nosniff");
    const { origin } = request.headers;
    // HTTP/2 sends it by another name.
    const host = request.headers.host ?? authorityOf(request.headers);
    const { localAddress, localPort } = request.raw.socket;
    if (!isHostAllowed(host, { port: isUnixSocket ? undefined : localPort, localAddress, allowedHosts }))
      throw new Fault("HOST_NOT_ALLOWED");
    if (!isOriginAllowed(origin, host, corsOrigins)) throw new Fault("ORIGIN_NOT_ALLOWED");
    if (origin === undefined || isOwnOrigin(origin, host)) return;
    if (request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined) {
      return reply.code(204).headers(preflightHeaders(origin)).send();
    }
    reply.headers(corsHeaders(origin));
  });
}

function authorityOf(headers: FastifyRequest["headers"]): string | undefined {
  const authority = headers[":authority"];
  return typeof authority === "string" ? authority : undefined;
}

/** Sends a Fault in the common shape. */
export function sendFault(reply: FastifyReply, fault: Fault): void {
  void reply
    .code(fault.status)
    .headers(toErrorHeaders(fault))
    .type("application/json; charset=utf-8")
    .send(JSON.stringify(toErrorBody(fault)));
}

/** What fastify's own errors mean. */
const reasonsByErrorCode: Readonly<Record<string, () => Fault>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new Fault("BODY_TOO_LARGE"),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new Fault("UNSUPPORTED_MEDIA_TYPE", { message: "The body must be application/json (curl --json)." }),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => new Fault("INVALID_REQUEST", { message: "The body is not as long as Content-Length says." }),
  FST_ERR_BAD_URL: () => new Fault("INVALID_REQUEST", { message: "The address is not a valid URL." }),
  FST_ERR_MAX_PARAM_LENGTH: () => new Fault("INVALID_REQUEST", { message: "A part of the address is too long." }),
};

/** Translates whatever a handler or fastify itself threw. */
export function toFault(error: unknown): Fault {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    const known = reasonsByErrorCode[error.code];
    if (known !== undefined) return known();
  }
  return Fault.from(error);
}

/** Answers every other method at an address that is there with 405 and the methods it takes. */
export function refuseOtherMethods(app: FastifyInstance, url: string, allowed: readonly string[]): void {
  const refuse = async (_request: FastifyRequest, reply: FastifyReply) => {
    reply.header("allow", allowed.join(", "));
    throw new Fault("METHOD_NOT_ALLOWED");
  };
  // As a hook, so that it comes before the body is looked at.
  app.route({ method: methods.filter((method) => !allowed.includes(method)), url, onRequest: refuse, handler: refuse });
}

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
