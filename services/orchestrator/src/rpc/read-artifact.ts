import { Fault, invalidRequest } from "@clew/fault/fault";
import { isFlatName } from "@clew/outbox/flat-name";
import type { ReadArtifactRequest, ReadArtifactResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { Caller } from "../access/caller.ts";
import { readArtifact as read } from "../artifacts/artifact-store.ts";
import { artifactsExpireTime } from "../artifacts/expired-artifacts.ts";
import { isRunId } from "../runs/run-id.ts";
import type { Runs } from "../supervisor/runs.ts";
import type { Volume } from "../volume/volume.ts";

function notFound(runId: string, name: string): Fault {
  if (!isFlatName(name)) return new Fault("ARTIFACT_NOT_FOUND");
  return new Fault("ARTIFACT_NOT_FOUND", { message: `The run ${runId} has no artifact '${name}'.`, details: { runId, artifact: name } });
}

/** Reads a file of a run: first what it is, then the bytes asked for. */
export async function* readArtifact(
  { runId, name, offset, length }: ReadArtifactRequest,
  caller: Caller,
  runs: Runs,
  volume: Volume,
): AsyncGenerator<ReadArtifactResponse> {
  for (const [field, value] of [
    ["offset", offset],
    ["length", length],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < 0)
      throw invalidRequest([{ field, rule: "range", message: "must be a whole number, 0 or more" }]);
  }
  const artifact = runs.artifacts(runId, caller).find((stored) => stored.name === name);
  if (artifact === undefined || !isRunId(runId)) throw notFound(runId, name);
  if ((await artifactsExpireTime(volume.runFolder(runId))) !== undefined) throw new Fault("ARTIFACT_EXPIRED");
  yield { part: { $case: "artifact", value: artifact } };
  for await (const chunk of read(volume.runFolder(runId), name, offset, length)) yield { part: { $case: "chunk", value: chunk } };
}
