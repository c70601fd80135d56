import { Fault } from "@clew/fault/fault";
import { createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import type { AttemptPlan } from "./attempt.ts";

const callMs = 10_000;
/** Milliseconds after which a sandbox that could not be ended is given up; a try that began before takes its time. */
const endMs = 20_000;

type Held = Pick<AttemptPlan, "provider" | "handle" | "secret" | "logger">;

/**
 * Ends what is left of a sandbox and removes it: by its warden where that answers, otherwise by force. Resolves once it is known to be dead;
 * files of it that cannot be removed stay.
 *
 * @throws Fault SANDBOX_HUNG where it may still live: no other may begin beside it.
 */
export async function releaseSandbox(held: Held, signal: AbortSignal): Promise<void> {
  const { provider, handle, secret, logger } = held;
  try {
    if (await provider.isAlive(handle)) {
      await using connection = provider.connect(handle, secret);
      await connection.warden.releaseSandbox({}, { timeoutMs: callMs });
    }
  } catch (error) {
    logger.warn({ error }, "warden did not release its sandbox");
  }
  await untilDead(held, signal);
  await provider.remove(handle).catch((error: unknown) => {
    logger.warn({ error }, "what was left of a sandbox was not removed");
  });
}

async function untilDead({ provider, handle, logger }: Held, signal: AbortSignal): Promise<void> {
  const backoff = createBackoff({ initialMs: 200, maxMs: 2_000 });
  for (const giveUpAt = performance.now() + endMs; ; ) {
    try {
      return await provider.kill(handle);
    } catch (cause) {
      logger.warn({ error: cause }, "sandbox was not ended");
      if (performance.now() > giveUpAt) throw new Fault("SANDBOX_HUNG", { message: "The run's sandbox could not be ended.", cause });
    }
    await delay(backoff.next(), { signal });
  }
}
