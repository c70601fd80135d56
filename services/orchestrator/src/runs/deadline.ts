import type { RunFold } from "./run.ts";

/**
 * Says when a run reaches its deadline, in milliseconds since the epoch: `timeoutSeconds` after its work first began by
 * the journal's times, whatever attempts there were since, waiting for a person left out. Undefined while the work has not begun or the clock stands still.
 */
export function deadlineMs({ run, clock }: RunFold): number | undefined {
  if (clock.startedAtMs === undefined || clock.waitingSinceMs !== undefined) return undefined;
  return clock.startedAtMs + clock.waitedMs + (run.spec?.timeoutSeconds ?? 0) * 1000;
}

/** Whether a run's deadline has passed. */
export function isLate(fold: RunFold, nowMs: number): boolean {
  return nowMs >= (deadlineMs(fold) ?? Number.POSITIVE_INFINITY);
}
