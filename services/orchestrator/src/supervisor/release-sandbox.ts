import { Fault } from "@clew/fault/fault";
import { abortable } from "@clew/streams/abortable";
import { createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import { startLease } from "@clew/streams/lease";
import { linkSignals } from "@clew/streams/linked-signal";
import type { AttemptPlan } from "./attempt.ts";
import { releaseMs } from "./finalizing-time.ts";

/** Milliseconds of all that it may take in which the warden has to do it by itself. */
const callMs = 8_000;

type Held = Pick<AttemptPlan, "provider" | "handle" | "logger">;

/**
 * Ends what is left of a sandbox and removes it, within 20 s: by its warden where that answers, otherwise by force. Resolves once it is known to be
 * dead; files of it that cannot be removed in time stay.
 *
 * @throws Fault SANDBOX_HUNG where it may still live: no other may begin beside it. The signal's reason when that aborts.
 */
export async function releaseSandbox(held: Held, signal: AbortSignal): Promise<void> {
  const { provider, handle, logger } = held;
  using time = linkSignals(signal);
  // It counts only while this process is awake: a pause of ours says nothing of a sandbox.
  using _late = startLease({
    ttlMs: releaseMs,
    onExpire: () => time.abort(new Fault("SANDBOX_HUNG", { message: "The run's sandbox could not be ended." })),
  });
  await abortable(askWarden(held), time.signal).catch((error: unknown) => {
    time.signal.throwIfAborted();
    logger.warn({ error }, "warden did not release its sandbox");
  });
  await untilDead(held, time.signal);
  await abortable(provider.remove(handle), time.signal).catch((error: unknown) => {
    logger.warn({ error }, "what was left of a sandbox was not removed");
  });
}

async function askWarden({ provider, handle }: Held): Promise<void> {
  if (!(await provider.isAlive(handle))) return;
  await using connection = provider.connect(handle);
  await connection.warden.releaseSandbox({}, { timeoutMs: callMs });
}

async function untilDead({ provider, handle, logger }: Held, signal: AbortSignal): Promise<void> {
  const backoff = createBackoff({ initialMs: 200, maxMs: 2_000 });
  for (;;) {
    try {
      return await abortable(provider.kill(handle), signal);
    } catch (error) {
      signal.throwIfAborted();
      logger.warn({ error }, "sandbox was not ended");
    }
    await delay(backoff.next(), { signal });
  }
}
