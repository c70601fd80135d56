import { limits } from "./limits.ts";
import type { RunFold } from "./run.ts";

/**
 * Says when a run reaches its deadline, in milliseconds since the epoch: `timeoutSeconds` after its work first began by
 * the journal's times, whatever attempts there were since, waiting for a person left out. Undefined while the work has not begun or the clock stands still.
 */
export function deadlineMs({ run, clock }: RunFold): number | undefined {
  if (clock.startedAtMs === undefined || clock.waitingSinceMs !== undefined) return undefined;
  return clock.startedAtMs + clock.waitedMs + (run.spec?.timeoutSeconds ?? 0) * 1000;
}

/** Milliseconds that a run may still wait for people, of all it may in its life. */
export function personRestMs({ run, clock }: RunFold): number {
  return Math.max(0, (run.spec?.waitForPersonSeconds ?? 0) * 1_000 - clock.waitedMs);
}

/** Milliseconds after which a sandbox must be over whatever happens: what is left for its work, for the person it waits for, and to store what it has. */
export function sandboxRestMs(fold: RunFold, nowMs: number): number {
  const { run, clock } = fold;
  const { startedAtMs = nowMs, waitedMs, waitingSinceMs } = clock;
  const workedMs = (waitingSinceMs ?? nowMs) - startedAtMs - waitedMs;
  const workMs = Math.max(0, (run.spec?.timeoutSeconds ?? 0) * 1_000 - workedMs);
  const personMs = waitingSinceMs === undefined ? 0 : Math.max(0, (run.awaits?.expireTime?.getTime() ?? nowMs) - nowMs);
  return workMs + personMs + limits.finalizeMs;
}

/** Whether a run's deadline has passed. */
export function isLate(fold: RunFold, nowMs: number): boolean {
  return nowMs >= (deadlineMs(fold) ?? Number.POSITIVE_INFINITY);
}
