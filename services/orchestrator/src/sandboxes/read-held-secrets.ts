import type { SandboxConnection } from "./sandbox-connection.ts";

/** Milliseconds that all of it may take. */
const callMs = 5_000;

/** Reads what must never be written of a sandbox's runs, as its warden holds it. @throws Fault SANDBOX_UNREACHABLE or what the warden says; the signal's reason. */
export async function readHeldSecrets(warden: Pick<SandboxConnection["warden"], "recallSecrets">, signal?: AbortSignal): Promise<string[]> {
  const values: string[] = [];
  for await (const part of warden.recallSecrets({}, { timeoutMs: callMs, ...(signal && { signal }) })) values.push(...part.values);
  return values;
}
