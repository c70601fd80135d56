import type { Handler } from "@clew/grpc/service";
import type { WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { Sandbox } from "../sandbox.ts";

/** Says what the sandbox is and how it fares. */
export function getSandbox(sandbox: Sandbox, runId: string, attempt: number): Handler<WardenServiceService["getSandbox"]> {
  return async () => ({ runId, attempt, alive: sandbox.isAlive, remainingMs: sandbox.remainingMs });
}
