import type { Handler } from "@clew/grpc/service";
import type { SandboxAgentServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { WorkSlot } from "./work-slot.ts";

/** Ends the sandbox's work; answers what there was of it once it has ended. */
export function stopWork(slot: WorkSlot): Handler<SandboxAgentServiceService["stopWork"]> {
  return async ({ graceMs }) => ({ partialOutcome: await slot.stop(graceMs) });
}
