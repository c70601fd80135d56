import { Fault, invalidRequest } from "@clew/fault/fault";
import type { CreateRunRequest, CreateRunResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { Caller } from "../access/caller.ts";
import type { Catalogue } from "../playbooks/catalogue.ts";
import { resolveWork } from "../playbooks/resolve-work.ts";
import { limits } from "../runs/limits.ts";
import { checkSpec } from "../runs/spec.ts";
import type { Runs } from "../supervisor/runs.ts";

/** Creates a run of what a caller asks, or says all that is wrong with it. */
export async function createRun(
  request: CreateRunRequest,
  caller: Caller,
  traceparent: string | undefined,
  runs: Runs,
  catalogue: Catalogue,
): Promise<CreateRunResponse> {
  const { spec, violations, unbuilt } = checkSpec(request.spec);
  const all = [...violations];
  if (request.requestId.length > limits.requestIdChars) {
    all.push({ field: "requestId", rule: "max_length", message: `must have at most ${limits.requestIdChars} characters` });
  }
  const [first, ...others] = all;
  if (first !== undefined) throw invalidRequest([first, ...others]);
  if (unbuilt[0] !== undefined)
    throw new Fault("NOT_IMPLEMENTED", { message: `${unbuilt[0].field} ${unbuilt[0].message}`, violations: unbuilt });
  return { run: await runs.create(request, { spec, resolve: () => resolveWork(spec, catalogue), caller, traceparent }) };
}
