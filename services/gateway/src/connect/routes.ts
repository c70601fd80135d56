import { Fault } from "@clew/fault/fault";
import { RunService } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { wireContract } from "@clew/streams/wire-contract";
import { Code, ConnectError, createConnectRouter, createContextKey, createContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { compressionGzip } from "@connectrpc/connect-node";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { toCallHeaders } from "../http/call-headers.ts";
import { toFault } from "../http/door.ts";
import { type PaceLimits, paceResponse } from "../http/paced-response.ts";
import { requestSignal } from "../http/request-signal.ts";
import { takeOver } from "../http/take-over.ts";
import type { OnUnexpected } from "../http/unexpected.ts";
import { jsonOptions } from "../hub/json-options.ts";
import { faultFromConnect, isOurs } from "../upstream/fault-from-connect.ts";
import { isUnary } from "../upstream/method-kind.ts";
import { JsonBody } from "./json-body.ts";
import { jsonFormOf } from "./json-form.ts";
import { passStream, passThrough } from "./pass-through.ts";
import { streamRunEvents, type TypedStreamOptions } from "./stream-run-events.ts";
import { connectErrorOf } from "./to-connect-error.ts";

/** What the Connect door needs. */
export interface ConnectOptions extends TypedStreamOptions {
  readonly shutdown: AbortSignal;
  readonly pace: PaceLimits;
  /** The largest message a caller may send, in bytes. */
  readonly maxRequestBytes: number;
  readonly onStall: () => void;
  readonly onUnexpected: OnUnexpected;
}

const callHeaders = createContextKey<Record<string, string>>({});
const { streamRunEvents: followed } = RunService.method;
const refusal = createContextKey<Fault | undefined>(undefined);
/** Aborts with what ended the call, whoever threw it. */
const ended = createContextKey<AbortSignal | undefined>(undefined);

/** Serves RunService to Connect and gRPC-Web clients at `/<package>.<service>/<method>`; errors have the form of the caller's protocol. */
export async function serveConnect(app: FastifyInstance, options: ConnectOptions): Promise<void> {
  const router = createConnectRouter({
    // gRPC proper needs HTTP/2; it is served by the orchestrator itself.
    grpc: false,
    jsonOptions: { ...jsonOptions, ignoreUnknownFields: true },
    readMaxBytes: options.maxRequestBytes,
    writeMaxBytes: wireContract.maxMessageBytes,
    // Compressed requests are read; answers are never compressed, because a stream's frames must not wait for each other.
    acceptCompression: [compressionGzip],
    compressMinBytes: wireContract.maxMessageBytes,
    requestGate: ({ values, signal }) => {
      values.set(ended, signal);
      const fault = values.get(refusal);
      if (fault !== undefined) throw connectErrorOf(fault);
    },
  });
  const others = RunService.methods.filter((method) => method !== followed);
  passThrough(router, others, { ...options, toHeaders: ({ values }) => values.get(callHeaders) });
  router.rpc(followed, (request, { values, signal }) =>
    passStream(streamRunEvents(request, values.get(callHeaders), signal, options), signal, options.onUnexpected),
  );
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  app.removeAllContentTypeParsers();
  // Bodies are read by Connect, as their bytes come.
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  const handle = (request: FastifyRequest, reply: FastifyReply, fault?: Fault) => {
    const handler = handlers.get(request.routeOptions.url ?? "");
    if (handler === undefined) throw new Error("A Connect route without its handler.");
    return answer(handler, request, reply, options, fault);
  };
  app.setErrorHandler((error, request, reply) => handle(request, reply, toFault(error)));
  for (const url of handlers.keys()) app.all(url, { config: { door: "connect" } }, (request, reply) => handle(request, reply));
}

async function answer(
  handler: UniversalHandler,
  request: FastifyRequest,
  reply: FastifyReply,
  options: ConnectOptions,
  fault: Fault | undefined,
): Promise<void> {
  // A run's stream is one of the open streams, which a shutdown ends one after the other.
  using link = requestSignal(reply.raw, handler.method.name === followed.name ? undefined : options.shutdown);
  const call = async (body: AsyncIterable<Uint8Array>, refused: Fault | undefined) => {
    const values = createContextValues().set(callHeaders, toCallHeaders(request)).set(refusal, refused);
    const { signal } = link;
    const common = { httpVersion: request.raw.httpVersion, method: request.method, url: `http://localhost${request.url}` };
    const response = await handler({ ...common, header: toHeaders(request.headers), body, signal, contextValues: values });
    const pieces = response.body?.[Symbol.asyncIterator]();
    // Connect completes its headers with the first piece of the body, not before.
    return { ...response, pieces, first: await pieces?.next(), unread: unreadable(values.get(ended)?.reason) };
  };
  // A body that is left half read must not take the connection, and with it the answer, away.
  const body = request.raw.iterator({ destroyOnReturn: false });
  const form = jsonFormOf(request.headers);
  const json = form && new JsonBody(form);
  let answered = await call(json?.read(body, options.maxRequestBytes) ?? body, fault);
  const { unread } = answered;
  const wrong = unread?.reason === "INVALID_REQUEST" ? json?.refusalAs(handler.method.input) : undefined;
  const refused = json?.fault ?? wrong ?? unread;
  if (refused !== undefined) answered = await call(none(), refused);
  const { status, header, pieces, first } = answered;
  let piece = first;
  // As at the SSE door: a connection that carried a stream carries nothing else.
  if (!isUnary(handler.method)) header?.set("connection", "close");
  const response = takeOver(reply, status, Object.fromEntries(header ?? []));
  try {
    // Not paced by the link's signal: what a stream ends with, an error included, is still to be written after it aborted.
    const paced = paceResponse(response, options.pace, { signal: new AbortController().signal, onStall: options.onStall });
    for (; piece !== undefined && !piece.done; piece = await pieces?.next()) await paced.write(piece.value);
    response.end();
  } catch (error) {
    options.onUnexpected(faultFromConnect(error, link.signal));
    response.destroy();
  } finally {
    link.abort();
    // What the call did not read of its body would stand before the next request on this connection.
    request.raw.resume();
    void pieces?.return?.().then(undefined, () => {});
  }
}

/** What Connect itself refuses before the call is made, it says in words of its own; the Fault it means, where it is about the bytes that came. */
function unreadable(reason: unknown): Fault | undefined {
  if (!(reason instanceof ConnectError) || isOurs(reason)) return undefined;
  const { code, rawMessage } = reason;
  if (code === Code.ResourceExhausted && rawMessage.includes("readMaxBytes")) return new Fault("BODY_TOO_LARGE");
  if (code !== Code.InvalidArgument && !rawMessage.startsWith("parse binary")) return undefined;
  return new Fault("INVALID_REQUEST", {
    message: "The bytes are no message of this call: send one of its type, in the format that Content-Type names.",
    cause: reason,
  });
}

async function* none(): AsyncGenerator<Uint8Array, void, undefined> {}

function toHeaders(given: FastifyRequest["headers"]): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    // HTTP/2 has its request line among the headers.
    if (value !== undefined && !name.startsWith(":")) for (const item of [value].flat()) headers.append(name, item);
  }
  return headers;
}
