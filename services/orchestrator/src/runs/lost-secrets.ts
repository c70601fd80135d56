import type { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";

/** Whether a spec names secrets whose values are gone: they are kept in memory only, and stored as empty. */
export function hasLostSecrets({ credentials, browser, proxy }: RunSpec): boolean {
  return [...Object.values(credentials), ...Object.values(browser?.extraHttpHeaders ?? {})].includes("") || proxy === "";
}
