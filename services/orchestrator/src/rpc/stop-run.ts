import { invalidRequest, type Violation } from "@clew/fault/fault";
import type { StopRunRequest, StopRunResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { Caller } from "../access/caller.ts";
import { limits } from "../runs/limits.ts";
import type { Runs } from "../supervisor/runs.ts";

/** Asks a run to stop. */
export async function stopRun({ runId, reason, graceSeconds }: StopRunRequest, caller: Caller, runs: Runs): Promise<StopRunResponse> {
  const violations: Violation[] = [];
  const { min, max, default: usual } = limits.stopGraceSeconds;
  const grace = graceSeconds ?? usual;
  if (grace < min || grace > max) violations.push({ field: "graceSeconds", rule: "range", message: `must be ${min} to ${max}` });
  if (reason.length > limits.reasonChars)
    violations.push({ field: "reason", rule: "max_length", message: `must have at most ${limits.reasonChars} characters` });
  const [first, ...others] = violations;
  if (first !== undefined) throw invalidRequest([first, ...others]);
  return { run: await runs.stop(runId, caller, reason, grace) };
}
