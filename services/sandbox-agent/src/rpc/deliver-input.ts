import type { Handler } from "@clew/grpc/service";
import type { SandboxAgentServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { WorkSlot } from "./work-slot.ts";

/** Passes a person's answer on to the work that asked. */
export function deliverInput(slot: WorkSlot): Handler<SandboxAgentServiceService["deliverInput"]> {
  return async (request) => {
    slot.deliver(request);
    return {};
  };
}
