import type { Handler } from "@clew/grpc/service";
import type { SandboxAgentServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { WorkSlot } from "./work-slot.ts";

/** Begins the sandbox's work. */
export function startWork(slot: WorkSlot): Handler<SandboxAgentServiceService["startWork"]> {
  return async (request) => {
    slot.start(request);
    return {};
  };
}
