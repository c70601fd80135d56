import { Fault } from "@clew/fault/fault";
import type { Handler } from "@clew/grpc/service";
import type { SandboxAgentServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";

/** Refuses a person's answer: no work asks for one yet. */
export function deliverInput(): Handler<SandboxAgentServiceService["deliverInput"]> {
  return async () => {
    throw new Fault("NOT_IMPLEMENTED");
  };
}
