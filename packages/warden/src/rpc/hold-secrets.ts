import type { Handler } from "@clew/grpc/service";
import type { WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";

/** Holds what must never be written of the sandbox's runs: whoever takes them over masks it too. */
export function holdSecrets(held: Set<string>): Handler<WardenServiceService["holdSecrets"]> {
  return async ({ values }) => {
    for (const value of values) held.add(value);
    return {};
  };
}
