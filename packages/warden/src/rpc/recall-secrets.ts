import type { Handler } from "@clew/grpc/service";
import type { WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";

/** As many as fit one message, however long each is. */
const valuesAtOnce = 64;

/** Hands out what must never be written of the sandbox's runs. */
export function recallSecrets(held: ReadonlySet<string>): Handler<WardenServiceService["recallSecrets"]> {
  return async function* () {
    const values = [...held];
    for (let from = 0; from < values.length; from += valuesAtOnce) yield { values: values.slice(from, from + valuesAtOnce) };
  };
}
