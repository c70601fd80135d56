import { Fault } from "@clew/fault/fault";
import { type Outcome, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import { deadlineMs } from "../runs/deadline.ts";
import { graceEndsAtMs, isDecided, type RunFold } from "../runs/run.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { AttemptPlan } from "./attempt.ts";
import { failedOutcome } from "./phrases.ts";
import { publish, publishStopped } from "./publish-outcome.ts";

const stopSlackMs = 1_000;
const timedOutGraceMs = 2_000;

/** Whether the sandbox may still put its things in order, or must be ended at once. */
export type Ending = "settle" | "kill";

/** Waits until it is known how the attempt ended or its sandbox is gone, and brings that about at the deadline or when asked to stop. */
export async function untilEnding(plan: AttemptPlan, connection: SandboxConnection, signal: AbortSignal): Promise<Ending> {
  const { log } = plan;
  for (;;) {
    const { fold } = log;
    if (isDecided(fold) || fold.attempt.exited) return "settle";
    if (fold.stop !== undefined) return stop(plan, connection, signal);
    using wait = linkSignals(signal);
    const changed = log.until((now) => now !== fold && isNews(fold, now), { signal: wait.signal });
    changed.catch(() => {});
    const deadline = deadlineMs(fold);
    const timer =
      deadline === undefined
        ? undefined
        : delay(Math.max(0, deadline - Date.now()), { signal: wait.signal }).then(() => "deadline" as const);
    timer?.catch(() => {});
    const first = await Promise.race([changed, ...(timer === undefined ? [] : [timer])]);
    wait.abort();
    if (first === "deadline") return timeOut(plan, connection, signal);
  }
}

async function stop(plan: AttemptPlan, connection: SandboxConnection, signal: AbortSignal): Promise<Ending> {
  const { log, attempt } = plan;
  const wish = log.fold.stop;
  if (wish === undefined) return "settle";
  const endsAtMs = graceEndsAtMs(wish);
  const graceMs = Math.max(0, Math.ceil(endsAtMs - Date.now()));
  let partial: Outcome | undefined;
  if (graceMs > 0) {
    using wait = linkSignals(signal);
    // A later stop with a shorter grace ends this wait, and the next one begins with what is left.
    const overtaken = log.until(
      ({ run, attempt: { exited }, stop: later }) =>
        run.outcome !== undefined || exited || (later !== undefined && graceEndsAtMs(later) < endsAtMs),
      {
        signal: wait.signal,
      },
    );
    const stopped = connection.agent
      .stopWork({ graceMs }, { signal: wait.signal, timeoutMs: graceMs + stopSlackMs })
      .then(({ partialOutcome }) => {
        partial = partialOutcome && plan.secrets.known.redact(partialOutcome);
      });
    await Promise.race([overtaken, stopped]).catch(() => {});
    wait.abort();
    await Promise.allSettled([overtaken, stopped]);
    signal.throwIfAborted();
    const later = log.fold.stop;
    if (partial === undefined && later !== undefined && graceEndsAtMs(later) < endsAtMs) return stop(plan, connection, signal);
  }
  await publishStopped(log, attempt, partial);
  return partial === undefined ? "kill" : "settle";
}

async function timeOut({ log, attempt }: AttemptPlan, { agent }: SandboxConnection, signal: AbortSignal): Promise<Ending> {
  await publish(log, attempt, Run_State.TIMED_OUT, failedOutcome(new Fault("TIMED_OUT"), undefined));
  try {
    await agent.stopWork({ graceMs: timedOutGraceMs }, { signal, timeoutMs: timedOutGraceMs + stopSlackMs });
    return "settle";
  } catch {
    signal.throwIfAborted();
    return "kill";
  }
}

function isNews(before: RunFold, now: RunFold): boolean {
  return (
    isDecided(now) ||
    now.attempt.exited ||
    now.stop !== before.stop ||
    now.clock.startedAtMs !== before.clock.startedAtMs ||
    now.clock.waitingSinceMs !== before.clock.waitingSinceMs
  );
}
