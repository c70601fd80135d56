import type { CreateRunRequest, CreateRunResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { Caller } from "../access/caller.ts";
import { demandPrepared, type PrepareSources, prepareRun } from "../prepare/prepare-run.ts";
import { limits } from "../runs/limits.ts";
import { checkSpec } from "../runs/spec.ts";
import type { Runs } from "../supervisor/runs.ts";

/** Creates a run of what a caller asks, or says all that is wrong with it. */
export async function createRun(
  request: CreateRunRequest,
  caller: Caller,
  traceparent: string | undefined,
  runs: Runs,
  sources: PrepareSources,
): Promise<CreateRunResponse> {
  const { violations } = checkSpec(request.spec);
  const message = `must have at most ${limits.requestIdChars} characters`;
  const long = request.requestId.length > limits.requestIdChars ? [{ field: "requestId", rule: "max_length", message }] : [];
  const resolve = async () => demandPrepared(await prepareRun(request.spec, caller.tenant, sources), long);
  // No run was ever made of it: whether its id is another's, or how many runs wait, need not be asked.
  if (violations.length + long.length > 0) await resolve();
  return { run: await runs.create(request, { resolve, caller, traceparent }) };
}
