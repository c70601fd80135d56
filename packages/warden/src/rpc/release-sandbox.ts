import type { Handler } from "@clew/grpc/service";
import type { WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";

/** Ends what is left and removes the sandbox's folder; the warden exits after the answer. */
export function releaseSandbox(release: () => Promise<void>): Handler<WardenServiceService["releaseSandbox"]> {
  return async () => {
    await release();
    return {};
  };
}
