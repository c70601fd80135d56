import type { Readable } from "node:stream";
import { type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { Fault, invalidRequest } from "@clew/fault/fault";
import { RunService, type UploadFileRequestSchema, UploadFileResponseSchema } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import type { FastifyReply } from "fastify";
import { type Caller, toCallHeaders } from "../http/call-headers.ts";
import { requestSignal } from "../http/request-signal.ts";
import { jsonOptions } from "../hub/json-options.ts";
import { faultFromConnect } from "../upstream/fault-from-connect.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { RestRequest } from "./transcode.ts";
import { unknownName } from "./unknown-name.ts";

const maxFileBytes = 100 * 1024 * 1024;
const maxChunkBytes = 64 * 1024;

/** Sends the raw bytes of a request to the orchestrator as they come, and answers what they are known by from then on. */
export async function serveUpload(
  request: Caller & { readonly raw: Readable },
  reply: FastifyReply,
  { query }: RestRequest,
  { upstream, shutdown }: { readonly upstream: Upstream; readonly shutdown: AbortSignal },
): Promise<void> {
  using link = requestSignal(reply.raw, shutdown);
  const { signal } = link;
  const name = readName(query);
  if (Number(request.headers["content-length"] ?? 0) > maxFileBytes) throw fileTooLarge();
  let tooLarge: Fault | undefined;
  const parts = async function* (): AsyncGenerator<MessageInitShape<typeof UploadFileRequestSchema>> {
    yield { part: { case: "name", value: name } };
    let taken = 0;
    for await (const bytes of bytesOf(request.raw)) {
      taken += bytes.byteLength;
      if (taken > maxFileBytes) {
        tooLarge = fileTooLarge();
        link.abort(tooLarge);
        throw tooLarge;
      }
      for (let start = 0; start < bytes.byteLength; start += maxChunkBytes)
        yield { part: { case: "chunk", value: bytes.subarray(start, start + maxChunkBytes) } };
    }
  };
  try {
    for await (const answer of upstream.stream(RunService.method.uploadFile, parts(), { headers: toCallHeaders(request), signal })) {
      await reply.type("application/json; charset=utf-8").send(JSON.stringify(toJson(UploadFileResponseSchema, answer, jsonOptions)));
      return;
    }
    throw new Fault("INTERNAL");
  } catch (error) {
    // What is left of the body is thrown away, and may be much: the connection carries no other request.
    reply.header("connection", "close");
    request.raw.resume();
    throw tooLarge ?? faultFromConnect(error, signal);
  }
}

function readName(query: URLSearchParams): string {
  for (const given of query.keys()) if (given !== "name") throw invalidRequest([unknownName(given, given, ["name"], "query parameter")]);
  const names = query.getAll("name");
  const [name = ""] = names;
  if (names.length !== 1 || name === "")
    throw invalidRequest([{ field: "name", rule: "required", message: "is required, once: POST /v1/files?name=report.pdf" }]);
  return name;
}

async function* bytesOf(body: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  // A body that is left half read must not take the connection, and with it the answer, away.
  for await (const bytes of body.iterator({ destroyOnReturn: false })) if (bytes instanceof Uint8Array) yield bytes;
}

function fileTooLarge(): Fault {
  return new Fault("BODY_TOO_LARGE", { message: "The file is too large: at most 100 MiB." });
}
