import { Fault } from "@clew/fault/fault";

/** The Fault of an aborted signal: the one it was given, DEADLINE_EXCEEDED for a timeout, otherwise CANCELLED. */
export function cancelled(signal: AbortSignal): Fault {
  const reason: unknown = signal.reason;
  if (reason instanceof Fault) return reason;
  const timedOut = reason instanceof Error && reason.name === "TimeoutError";
  return new Fault(timedOut ? "DEADLINE_EXCEEDED" : "CANCELLED", { cause: reason });
}
