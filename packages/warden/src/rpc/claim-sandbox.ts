import { Fault } from "@clew/fault/fault";
import type { Handler } from "@clew/grpc/service";
import type { WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { type ClaimSlot, readClaim } from "../claim.ts";
import type { Sandbox } from "../sandbox.ts";

/** Gives the sandbox to an attempt. @throws Fault SANDBOX_LOST where it is ending. */
export function claimSandbox(slot: ClaimSlot, sandbox: Sandbox): Handler<WardenServiceService["claimSandbox"]> {
  return async ({ claim }) => {
    const wanted = readClaim(claim);
    if (sandbox.isEnding) throw new Fault("SANDBOX_LOST");
    await slot.take(wanted);
    return {};
  };
}
