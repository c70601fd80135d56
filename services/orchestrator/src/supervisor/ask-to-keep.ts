import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { AttemptPlan } from "./attempt.ts";
import { holdSecrets } from "./held-secrets.ts";

/** Milliseconds that agent and warden each have. */
const callMs = 5_000;
/** The most secrets of a sandbox that goes on: those of all its runs, each of which is looked for in all that is written of it. */
const mostSecrets = 5_000;

type KeepPlan = Pick<AttemptPlan, "log" | "attempt" | "spec" | "handle" | "provider" | "secrets" | "logger">;

/**
 * Has a sandbox kept for a run that continues, where its run wants that, is decided, and left its browser. Answers whether it is: its warden has said so by then,
 * and the run has no more to do with it.
 */
export async function askToKeep(
  { log, attempt, spec, handle, provider, secrets, logger }: KeepPlan,
  { agent, warden }: Pick<SandboxConnection, "agent" | "warden">,
  signal: AbortSignal,
): Promise<boolean> {
  const { keepAliveSeconds = 0 } = spec;
  if (keepAliveSeconds === 0 || provider.handOver === undefined || handle.warm === undefined || log.run.outcome === undefined) return false;
  if (secrets.known.count > mostSecrets) {
    logger.warn({ attempt, secrets: secrets.known.count }, "sandbox was not kept: its runs have too many secrets");
    return false;
  }
  try {
    const { kept } = await agent.keepBrowser({}, { signal, timeoutMs: callMs });
    if (!kept) return false;
    await holdSecrets(secrets, warden, signal);
    await warden.keepSandbox({ keepMs: keepAliveSeconds * 1_000, stay: handle.stay ?? 1 }, { signal, timeoutMs: callMs });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    logger.warn({ attempt, error }, "sandbox was not kept");
    return false;
  }
}
