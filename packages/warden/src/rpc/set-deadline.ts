import type { Handler } from "@clew/grpc/service";
import type { WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { Sandbox } from "../sandbox.ts";

/** Moves the moment at which the warden ends the sandbox on its own. */
export function setDeadline(sandbox: Sandbox): Handler<WardenServiceService["setDeadline"]> {
  return async ({ remainingMs }) => {
    sandbox.setDeadline(remainingMs);
    return {};
  };
}
