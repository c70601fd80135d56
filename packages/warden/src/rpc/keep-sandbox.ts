import type { Handler } from "@clew/grpc/service";
import type { WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { ClaimSlot } from "../claim.ts";
import type { Sandbox } from "../sandbox.ts";

/** Ends a run's stay in the sandbox, and lets another run have it. @throws Fault SANDBOX_LOST where it is ending. */
export function keepSandbox(slot: ClaimSlot, sandbox: Sandbox): Handler<WardenServiceService["keepSandbox"]> {
  return async ({ stay, keepMs }) => {
    await sandbox.keep(stay, keepMs);
    slot.keep(stay);
    return {};
  };
}
