import { invalidRequest } from "@clew/fault/fault";
import { isFlatName } from "@clew/outbox/flat-name";
import type { UploadFileRequest, UploadFileResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { Caller } from "../access/caller.ts";
import type { Uploads } from "../files/uploads.ts";

/** Stores a file for a run to come: its name comes first, then its bytes. */
export async function uploadFile(parts: AsyncIterable<UploadFileRequest>, caller: Caller, uploads: Uploads): Promise<UploadFileResponse> {
  const incoming = parts[Symbol.asyncIterator]();
  const first = await incoming.next();
  const part = first.done === true ? undefined : first.value.part;
  const name = part?.$case === "name" ? part.value : "";
  if (!isFlatName(name)) {
    const message = "must come first, and be a plain file name: letters, digits and ._- only, at most 120, no dot in front";
    throw invalidRequest([{ field: "name", rule: "name", message }]);
  }
  const { fileId, sizeBytes, sha256, expireTimeMs } = await uploads.store(
    caller.tenant,
    name,
    chunksOf({ [Symbol.asyncIterator]: () => incoming }),
  );
  return { fileId, sizeBytes, sha256, expireTime: new Date(expireTimeMs) };
}

async function* chunksOf(parts: AsyncIterable<UploadFileRequest>): AsyncGenerator<Uint8Array> {
  for await (const { part } of parts) {
    if (part?.$case !== "chunk") throw invalidRequest([{ field: "name", rule: "once", message: "must come once, before the bytes" }]);
    yield part.value;
  }
}
