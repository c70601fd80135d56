import { Fault } from "@clew/fault/fault";
import { delay } from "@clew/streams/delay";
import { startLease } from "@clew/streams/lease";
import { linkSignals } from "@clew/streams/linked-signal";
import { readHeldSecrets } from "../sandboxes/read-held-secrets.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { AttemptPlan } from "./attempt.ts";
import type { RunSecrets } from "./run-secrets.ts";

/** Milliseconds that one call has. */
const callMs = 5_000;
/** Milliseconds that a warden has to hand out what it holds, however often it is asked. */
const recallMs = 10_000;
const againMs = 200;
/** As many as fit one message, however long each is. */
const valuesAtOnce = 64;

/**
 * Has a sandbox's warden hold what must never be written of its run, in memory, for an orchestrator that takes it over: to be done before what works in the sandbox is given any of it.
 *
 * @throws Fault SANDBOX_UNREACHABLE or what the warden says; the signal's reason.
 */
export async function holdSecrets(
  { known }: Pick<RunSecrets, "known">,
  warden: Pick<SandboxConnection["warden"], "holdSecrets">,
  signal: AbortSignal,
): Promise<void> {
  const { values } = known;
  for (let from = 0; from < values.length; from += valuesAtOnce)
    await warden.holdSecrets({ values: values.slice(from, from + valuesAtOnce) }, { signal, timeoutMs: callMs });
}

/** Knows again what the sandbox of a run was given, as far as its warden lives and answers within 10 s. @throws the signal's reason. */
export async function recallSecrets(
  { provider, secrets, logger }: Pick<AttemptPlan, "provider" | "secrets" | "logger">,
  handle: AttemptPlan["handle"],
  signal: AbortSignal,
): Promise<void> {
  await using connection = provider.connect(handle);
  using time = linkSignals(signal);
  using _late = startLease({ ttlMs: recallMs, onExpire: () => time.abort(new Fault("SANDBOX_UNREACHABLE")) });
  try {
    while (await provider.isAlive(handle)) {
      try {
        return secrets.addHeld(await readHeldSecrets(connection.warden, time.signal));
      } catch (error) {
        time.signal.throwIfAborted();
        if (!(error instanceof Fault && error.retryable)) throw error;
      }
      await delay(againMs, { signal: time.signal });
    }
  } catch (error) {
    signal.throwIfAborted();
    logger.warn({ error }, "what must never be written of a run is known to its sandbox alone");
  }
}
