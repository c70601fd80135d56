import type { ListArtifactsRequest, ListArtifactsResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { Caller } from "../access/caller.ts";
import { artifactsExpireTime } from "../artifacts/expired-artifacts.ts";
import { isRunId } from "../runs/run-id.ts";
import type { Runs } from "../supervisor/runs.ts";
import type { Volume } from "../volume/volume.ts";

/** Lists the files a run left behind, and says since when they are gone where they were not to be kept for longer. */
export async function listArtifacts(
  { runId }: ListArtifactsRequest,
  caller: Caller,
  runs: Runs,
  volume: Volume,
): Promise<ListArtifactsResponse> {
  const artifacts = runs.artifacts(runId, caller);
  const deleteTime = isRunId(runId) ? await artifactsExpireTime(volume.runFolder(runId)) : undefined;
  return { artifacts: artifacts.map((artifact) => ({ ...artifact, deleteTime })) };
}
