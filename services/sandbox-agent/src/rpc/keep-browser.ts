import type { Handler } from "@clew/grpc/service";
import type { SandboxAgentServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { WorkSlot } from "./work-slot.ts";

/** Says, once the work has ended, whether it left its browser to the next. */
export function keepBrowser(slot: WorkSlot): Handler<SandboxAgentServiceService["keepBrowser"]> {
  return async () => ({ kept: await slot.isKept() });
}
