import { invalidRequest } from "@clew/fault/fault";
import type { Handler } from "@clew/grpc/service";
import type { WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { Sandbox } from "../sandbox.ts";

/** Ends the sandbox now; answers when no process of it is left. */
export function killSandbox(sandbox: Sandbox): Handler<WardenServiceService["killSandbox"]> {
  return async ({ cause }) => {
    if (!/^[A-Z][A-Z_]{0,62}$/.test(cause)) {
      throw invalidRequest([{ field: "cause", rule: "pattern", message: "Use a word such as KILLED." }]);
    }
    await sandbox.kill(cause);
    return {};
  };
}
