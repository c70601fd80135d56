import type { Fault, RunState } from "@clew/client";

/** What the command's exit code says. */
export const exitCode = {
  /** The run completed, or the command did what was asked. */
  done: 0,
  /** The run did not complete, or the command failed. */
  failed: 1,
  /** What was asked is wrong. */
  usage: 2,
  /** No gateway answers. */
  noGateway: 3,
  /** The user left; the run goes on. */
  left: 130,
} as const;

const wrongCodes: ReadonlySet<string> = new Set([
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "FAILED_PRECONDITION",
  "OUT_OF_RANGE",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "UNIMPLEMENTED",
]);

/** The exit code for a Fault. */
export function exitCodeOfFault(fault: Fault): number {
  if (fault.reason === "GATEWAY_UNREACHABLE") return exitCode.noGateway;
  return wrongCodes.has(fault.code) ? exitCode.usage : exitCode.failed;
}

/** The exit code for a run that ended in this state. */
export function exitCodeOfState(state: RunState): number {
  return state === "COMPLETED" ? exitCode.done : exitCode.failed;
}
