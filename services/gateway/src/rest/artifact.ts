import { Fault } from "@clew/fault/fault";
import type { Artifact } from "@clew/proto/connect/clew/run/v1/run_pb";
import { type ReadArtifactResponse, RunService } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import type { FastifyReply } from "fastify";
import { type Caller, toCallHeaders } from "../http/call-headers.ts";
import { type PaceLimits, paceResponse } from "../http/paced-response.ts";
import { requestSignal } from "../http/request-signal.ts";
import { takeOver } from "../http/take-over.ts";
import type { OnUnexpected } from "../http/unexpected.ts";
import { faultFromConnect } from "../upstream/fault-from-connect.ts";
import { only } from "../upstream/only.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { type ByteRange, parseRange } from "./range.ts";
import type { RestRequest } from "./transcode.ts";

/** What serving raw bytes needs. */
export interface ArtifactOptions {
  readonly upstream: Upstream;
  readonly shutdown: AbortSignal;
  readonly pace: PaceLimits;
  readonly onStall: () => void;
  readonly onUnexpected: OnUnexpected;
}

/** A file of which nothing but what it is was read. */
interface OpenedFile {
  readonly artifact: Artifact;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Leaves the bytes unread. */
  close(): Promise<unknown>;
}

/** Serves the bytes of an artifact, whole or one range of it. A file that cannot be read to its end cuts the connection. */
export async function serveArtifact(
  request: Caller & { readonly method: string },
  reply: FastifyReply,
  { path, ticket }: RestRequest,
  options: ArtifactOptions,
): Promise<void> {
  using link = requestSignal(reply.raw, options.shutdown);
  const { signal } = link;
  const open = ({ offset, length }: ByteRange) =>
    openArtifact(
      options.upstream.stream(
        RunService.method.readArtifact,
        only({ runId: path["run_id"] ?? "", name: path["name"] ?? "", offset, length }),
        {
          headers: toCallHeaders(request, ticket),
          signal,
        },
      ),
    );
  try {
    let file = await open({ offset: 0, length: 0 });
    const etag = `"${file.artifact.sha256}"`;
    const headers = toHeaders(file.artifact, etag);
    if (matches(request.headers["if-none-match"], etag)) return void takeOver(reply, 304, headers).end();
    const ifRange = request.headers["if-range"];
    const range = parseRange(ifRange === undefined || ifRange === etag ? request.headers.range : undefined, file.artifact.sizeBytes);
    if (range === "unsatisfiable") {
      reply.header("content-range", `bytes */${file.artifact.sizeBytes}`);
      throw new Fault("RANGE_NOT_SATISFIABLE");
    }
    const length = range?.length ?? file.artifact.sizeBytes;
    headers["content-length"] = String(length);
    if (range !== undefined) headers["content-range"] = `bytes ${range.offset}-${range.offset + length - 1}/${file.artifact.sizeBytes}`;
    const status = range === undefined ? 200 : 206;
    if (request.method === "HEAD") return void takeOver(reply, status, headers).end();
    if (range !== undefined) {
      const { sha256 } = file.artifact;
      await file.close();
      file = await open(range);
      // What is sent is of the file that the head names, or nothing is.
      if (file.artifact.sha256 !== sha256) throw new Fault("ARTIFACT_CHANGED");
    }
    await sendBytes(reply, status, headers, length, file.bytes, { ...options, signal });
  } catch (error) {
    throw faultFromConnect(error, signal);
  } finally {
    link.abort();
  }
}

async function sendBytes(
  reply: FastifyReply,
  status: number,
  headers: Record<string, string>,
  length: number,
  bytes: AsyncIterable<Uint8Array>,
  { pace, onStall, onUnexpected, signal }: Omit<ArtifactOptions, "shutdown"> & { readonly signal: AbortSignal },
): Promise<void> {
  const response = takeOver(reply, status, headers);
  try {
    const paced = paceResponse(response, pace, { signal, onStall });
    let sent = 0;
    for await (const chunk of bytes) {
      sent += chunk.byteLength;
      if (sent > length) break;
      await paced.write(chunk);
    }
    if (sent !== length) throw new Fault("INTERNAL", { message: "The artifact is not as long as it says." });
    response.end();
  } catch (error) {
    // The head is sent: only a cut connection still tells the reader that bytes are missing.
    const fault = faultFromConnect(error, signal);
    onUnexpected(fault);
    response.destroy(fault);
  }
}

/** Opens a file, and reads what it is. */
async function openArtifact(parts: AsyncGenerator<ReadArtifactResponse, void, undefined>): Promise<OpenedFile> {
  const { value } = await parts.next();
  if (value?.part.case !== "artifact") throw new Fault("INTERNAL", { message: "The artifact did not say what it is." });
  return { artifact: value.part.value, bytes: chunksOf(parts), close: () => parts.return() };
}

async function* chunksOf(parts: AsyncIterable<ReadArtifactResponse>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { part } of parts) if (part.case === "chunk") yield part.value;
}

/** A file comes from a page nobody trusts: it is kept, not shown, and never run in our origin. */
function toHeaders({ name, contentType }: Artifact, etag: string): Record<string, string> {
  return {
    "content-type": /^[\w.+-]+\/[\w.+-]+(; ?charset=[\w-]+)?$/.test(contentType) ? contentType : "application/octet-stream",
    "content-disposition": `attachment; filename="${name.replaceAll(/[^A-Za-z0-9._-]/g, "_")}"`,
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
    "accept-ranges": "bytes",
    "cache-control": "private, no-cache",
    etag,
  };
}

function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch?.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag) ?? false;
}
