import { Run_Effects } from "@clew/proto/grpc/clew/run/v1/run";
import { deadlineMs } from "./deadline.ts";
import { limits } from "./limits.ts";
import type { RunFold } from "./run.ts";

/** Why an attempt failed. */
export interface AttemptFault {
  readonly reason: string;
  readonly retryable: boolean;
}

/** What says nothing of sandboxes: attempts that failed for it are not counted. */
const nobodys: ReadonlySet<string> = new Set(["ORCHESTRATOR_LOST"]);

/** What every later sandbox would meet again, although the same run, created anew, may succeed. */
const lasting: ReadonlySet<string> = new Set(["CREDENTIALS_LOST"]);

/**
 * Says when another attempt follows one that failed, in milliseconds since the epoch; undefined where none does.
 *
 * One whose work had not begun is followed at once, a few times in a row, and always where no sandbox had failed. One whose work had begun is followed only as
 * the spec's `retry` says, and only where no attempt ever began to write: then nothing in the world can be done twice.
 */
export function retryAtMs(fold: RunFold, fault: AttemptFault, nowMs: number): number | undefined {
  const { attempt, run, stop, tries } = fold;
  if (!fault.retryable || lasting.has(fault.reason) || stop !== undefined) return undefined;
  // The browser that it was to continue in is gone, unless nobody had touched it.
  if (run.spec?.continueFrom !== undefined && !isNobodys(fault.reason)) return undefined;
  if (attempt.startedAtMs === undefined) return isNobodys(fault.reason) || tries.unbegun + 1 < limits.startAttempts ? nowMs : undefined;
  const { maxAttempts, backoffSeconds } = { ...usual, ...run.spec?.retry };
  if (run.effects !== Run_Effects.NONE || tries.begun >= maxAttempts) return undefined;
  const atMs = nowMs + backoffSeconds * 1_000;
  return atMs < (deadlineMs(fold) ?? Number.POSITIVE_INFINITY) ? atMs : undefined;
}

/** Whether an attempt failed for what says nothing of sandboxes. */
export function isNobodys(reason: string): boolean {
  return nobodys.has(reason);
}

const usual = { maxAttempts: limits.retryAttempts.default, backoffSeconds: limits.retryBackoffSeconds.default };
