import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import type { ArtifactReady } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import type { MissingVideo } from "./video.ts";

const kindNames = Object.fromEntries(Object.entries(Artifact_Kind).map(([name, kind]) => [kind, name]));

/** Lists an attempt's files with their sizes and hashes, when those that run along with time began, and which videos are missing and why, as JSON. */
export function manifestOf(
  artifacts: readonly ArtifactReady[],
  startTimes: Readonly<Record<string, Date>>,
  missing: readonly MissingVideo[],
): string {
  const listed = artifacts.map(({ name, kind, contentType, sizeBytes, sha256 }) => ({
    name,
    kind: kindNames[kind],
    contentType,
    sizeBytes,
    sha256,
    ...(startTimes[name] && { startTime: startTimes[name].toISOString() }),
  }));
  return `${JSON.stringify({ artifacts: listed, ...(missing.length > 0 && { missing }) }, null, 2)}\n`;
}
