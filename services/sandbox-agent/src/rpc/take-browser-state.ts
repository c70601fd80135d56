import type { Handler } from "@clew/grpc/service";
import type { SandboxAgentServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";

/** Hands out the login the work ended with: none yet. */
export function takeBrowserState(): Handler<SandboxAgentServiceService["takeBrowserState"]> {
  return async () => ({ loggedOut: false });
}
