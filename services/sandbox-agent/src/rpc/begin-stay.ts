import type { Handler } from "@clew/grpc/service";
import type { SandboxAgentServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { WorkSlot } from "./work-slot.ts";

/** Makes ready for another run's work in the browser that the work before left. */
export function beginStay(slot: WorkSlot): Handler<SandboxAgentServiceService["beginStay"]> {
  return async ({ stay }) => {
    await slot.beginStay(stay);
    return {};
  };
}
