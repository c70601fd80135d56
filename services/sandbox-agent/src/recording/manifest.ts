import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import type { ArtifactReady } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";

const kindNames = Object.fromEntries(Object.entries(Artifact_Kind).map(([name, kind]) => [kind, name]));

/** Lists an attempt's files with their sizes and hashes, and when those that run along with time began, as JSON. */
export function manifestOf(artifacts: readonly ArtifactReady[], startTimes: Readonly<Record<string, Date>>): string {
  const listed = artifacts.map(({ name, kind, contentType, sizeBytes, sha256 }) => ({
    name,
    kind: kindNames[kind],
    contentType,
    sizeBytes,
    sha256,
    ...(startTimes[name] && { startTime: startTimes[name].toISOString() }),
  }));
  return `${JSON.stringify({ artifacts: listed }, null, 2)}\n`;
}
