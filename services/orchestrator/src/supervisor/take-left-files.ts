import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { isFlatName } from "@clew/outbox/flat-name";
import { placesOf } from "@clew/outbox/work-folder";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { storeArtifact } from "../artifacts/artifact-store.ts";
import { readWorkFile } from "./read-work-file.ts";
import { artifactStored, type Bounds, mayStore } from "./take-artifact.ts";
import type { Leftovers } from "./take-leftovers.ts";

/** What a file is, by its name: nobody was left to say. */
const kinds = [
  { names: /^trace.*\.zip$/, kind: Artifact_Kind.TRACE, contentType: "application/zip" },
  { names: /\.webm$/, kind: Artifact_Kind.VIDEO, contentType: "video/webm" },
  { names: /\.jpg$/, kind: Artifact_Kind.SCREENSHOT, contentType: "image/jpeg" },
  { names: /\.png$/, kind: Artifact_Kind.SCREENSHOT, contentType: "image/png" },
  { names: /\.ndjson$/, kind: Artifact_Kind.LOG, contentType: "application/x-ndjson" },
  { names: /\.json$/, kind: Artifact_Kind.DATA, contentType: "application/json" },
  { names: /^text-.*\.txt$/, kind: Artifact_Kind.DATA, contentType: "text/plain; charset=utf-8" },
  { names: /(?:)/, kind: Artifact_Kind.DOWNLOAD, contentType: "application/octet-stream" },
] as const;

/** What holds what a sandbox left, and who takes it. */
type LeftFolder = Pick<Leftovers, "log" | "attempt" | "runFolder" | "workFolder" | "stay" | "logger">;

/** Stores the files that a killed agent left among its run's and had not announced: the parts of its trace, its logs. What cannot be had, or not in time, is left. */
export async function takeLeftFiles(
  { log, attempt, runFolder, workFolder, stay, logger }: LeftFolder,
  { signal, deadline }: Bounds,
): Promise<void> {
  const folder = placesOf(workFolder, stay).files;
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter(isFlatName).sort()) {
    signal.throwIfAborted();
    if (deadline.aborted) return logger.warn("files that a sandbox left were not kept: its time is over");
    try {
      const { size: sizeBytes } = await lstat(join(folder, name));
      if (!mayStore(log, { name, sizeBytes })) continue;
      const stored = await storeArtifact(runFolder, name, chunksOf(readWorkFile(workFolder, name, 0, stay), deadline), { deadline });
      const what = kinds.find(({ names: pattern }) => pattern.test(name)) ?? kinds[0];
      await log.decide(() => [{ attempt, ...artifactStored({ name, kind: what.kind, contentType: what.contentType, ...stored }) }]);
    } catch (error) {
      logger.warn({ error }, "a file that a sandbox left was not kept");
    }
  }
}

async function* chunksOf(read: ReturnType<typeof readWorkFile>, deadline: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const { chunk } of read) {
    deadline.throwIfAborted();
    yield chunk;
  }
}
