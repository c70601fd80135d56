import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { Fault } from "@clew/fault/fault";
import { RestBinding_Form } from "@clew/proto/connect/clew/run/v1/rest_pb";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteGenericInterface } from "fastify";
import { toCallHeaders } from "../http/call-headers.ts";
import { refuseOtherMethods } from "../http/door.ts";
import type { PaceLimits } from "../http/paced-response.ts";
import { queryOf } from "../http/query-of.ts";
import { requestSignal } from "../http/request-signal.ts";
import { jsonOptions } from "../hub/json-options.ts";
import { type StreamRouteOptions, serveRunStream } from "../sse/stream-route.ts";
import { serveManyStreams } from "../sse/streams-route.ts";
import { faultFromConnect } from "../upstream/fault-from-connect.ts";
import { isUnary } from "../upstream/method-kind.ts";
import { serveArtifact } from "./artifact.ts";
import type { Binding } from "./bindings.ts";
import { parseJsonBody } from "./parse-json-body.ts";
import { renameViolations } from "./rename-violations.ts";
import { type RestRequest, toCallersName, transcode } from "./transcode.ts";
import { serveUpload } from "./upload.ts";

/** The largest JSON body, in bytes. */
export const maxBodyBytes = 1024 * 1024;

/** The longest a caller may ask to wait is 60 s; this is for the orchestrator's own work. */
const callTimeoutMs = 75_000;

/** What the REST door needs, its streams included. */
export interface RestOptions extends StreamRouteOptions {
  /** Ends every call when it aborts. */
  readonly shutdown: AbortSignal;
  readonly pace: PaceLimits;
}

/** Serves every binding of the service at its path, and refuses other methods there. */
export function serveRest(app: FastifyInstance, bindings: readonly Binding[], options: RestOptions): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/json",
    { parseAs: "buffer", bodyLimit: maxBodyBytes },
    async (_request: FastifyRequest, body: Buffer) => parseJsonBody(body),
  );
  const uploads = bindings.filter(({ form }) => form === RestBinding_Form.RAW_REQUEST);
  for (const binding of bindings) if (!uploads.includes(binding)) serveBinding(app, binding, options);
  void app.register(async (raw) => {
    raw.removeAllContentTypeParsers();
    // The body is read by its handler, as the bytes come.
    raw.addContentTypeParser("*", (_request, _payload, done) => done(null));
    for (const binding of uploads) serveBinding(raw, binding, options);
  });
  // Many runs over one connection are not of the proto: the gateway makes them of StreamRunEvents.
  app.get("/v1/streams", { exposeHeadRoute: false, config: { door: "sse" } }, (request, reply) =>
    serveManyStreams(request, reply, options),
  );
  refuseOtherMethods(app, "/v1/streams", ["GET"]);
  for (const route of new Set(bindings.map((binding) => binding.route))) {
    const verbs = bindings
      .filter((binding) => binding.route === route)
      .flatMap(({ verb, form }) => (verb === "GET" && form !== RestBinding_Form.SERVER_SENT_EVENTS ? ["GET", "HEAD"] : [verb]));
    refuseOtherMethods(app, route, verbs);
  }
}

interface RestTypes extends RouteGenericInterface {
  readonly Body: JsonValue | undefined;
  readonly Params: Readonly<Record<string, string>>;
}
type RestCall = FastifyRequest<RestTypes>;

function serveBinding(app: FastifyInstance, binding: Binding, options: RestOptions): void {
  app.route<RestTypes>({
    method: binding.verb,
    url: binding.route,
    exposeHeadRoute: binding.verb === "GET" && binding.form !== RestBinding_Form.SERVER_SENT_EVENTS,
    config: { door: binding.form === RestBinding_Form.SERVER_SENT_EVENTS ? "sse" : "rest" },
    handler: (request, reply) => answer(binding, request, reply, options),
  });
}

async function answer(binding: Binding, request: RestCall, reply: FastifyReply, options: RestOptions): Promise<void> {
  const said = readRequest(request);
  if (binding.form === RestBinding_Form.SERVER_SENT_EVENTS)
    return serveRunStream(request, reply, said.path[binding.pathFields[0]?.name ?? ""] ?? "", options);
  try {
    switch (binding.form) {
      case RestBinding_Form.RAW_RESPONSE:
        return await serveArtifact(request, reply, said, options);
      case RestBinding_Form.RAW_REQUEST:
        return await serveUpload(request, reply, said, options);
      default:
        return await answerJson(binding, request, reply, said, options);
    }
  } catch (error) {
    throw faultFromConnect(error);
  }
}

async function answerJson(
  binding: Binding,
  request: RestCall,
  reply: FastifyReply,
  said: RestRequest,
  { upstream, shutdown }: RestOptions,
): Promise<void> {
  const { method } = binding;
  if (!isUnary(method)) throw new Fault("NOT_IMPLEMENTED");
  const message = transcode(binding, said);
  using link = requestSignal(reply.raw, shutdown);
  const { signal } = link;
  const response = await upstream
    .unary(method, message, { headers: toCallHeaders(request, said.ticket), signal, timeoutMs: callTimeoutMs })
    .catch((error: unknown) => {
      throw renameViolations(faultFromConnect(error, signal), (field) => toCallersName(binding, field, said));
    });
  const json = toAnswer(binding, toJson(method.output, response, jsonOptions));
  reply.code(binding.status).header("cache-control", "no-store");
  if (binding.location !== "") reply.header("location", binding.location.replace("{id}", encodeURIComponent(String(json["id"]))));
  if (binding.form === RestBinding_Form.PAGE_OR_LINES && acceptsLines(request.headers.accept)) {
    const lines = Object.values(json).find(Array.isArray) ?? [];
    await reply.type("application/x-ndjson").send(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return;
  }
  await reply.type("application/json; charset=utf-8").send(JSON.stringify(json));
}

/** Takes the field that is answered out of the whole response. */
function toAnswer({ responseBody }: Binding, json: JsonValue): { readonly [name: string]: JsonValue } {
  const whole = typeof json === "object" && json !== null && !Array.isArray(json) ? json : {};
  if (responseBody === undefined) return whole;
  const part = whole[responseBody.jsonName];
  return typeof part === "object" && part !== null && !Array.isArray(part) ? part : {};
}

/** Whether the caller asks for one event a line. */
function acceptsLines(accept: string | undefined): boolean {
  return accept?.split(",").some((range) => range.trim().startsWith("application/x-ndjson")) ?? false;
}

function readRequest(request: RestCall): RestRequest {
  const idempotencyKey = request.headers["idempotency-key"];
  const query = queryOf(request.url);
  const ticket = query.get("ticket");
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (isRead) query.delete("ticket");
  return {
    path: request.params,
    query,
    ...(isRead && ticket !== null ? { ticket } : {}),
    body: request.body,
    ...(typeof idempotencyKey === "string" ? { idempotencyKey } : {}),
  };
}
