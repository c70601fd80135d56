import type { Handler } from "@clew/grpc/service";
import type { SandboxAgentServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { WorkSlot } from "./work-slot.ts";

/** Hands out the login the work ended with. */
export function takeBrowserState(slot: WorkSlot): Handler<SandboxAgentServiceService["takeBrowserState"]> {
  return async () => slot.login;
}
