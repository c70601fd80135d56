import type { Handler } from "@clew/grpc/service";
import type { WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { ClaimSlot } from "../claim.ts";
import type { Sandbox } from "../sandbox.ts";

/** Says what the sandbox is and how it fares. */
export function getSandbox(slot: ClaimSlot, sandbox: Sandbox): Handler<WardenServiceService["getSandbox"]> {
  return async () => {
    const { isAlive: alive, remainingMs, browser, memoryBytes } = sandbox;
    return { runId: slot.claim?.runId ?? "", attempt: slot.claim?.attempt ?? 0, alive, remainingMs, browser, memoryBytes };
  };
}
