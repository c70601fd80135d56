import type { Fault } from "@clew/fault/fault";

/** Whether a fault means that the orchestrator does not answer now, and may later. */
export function isAway({ code }: Fault): boolean {
  return code === "UNAVAILABLE" || code === "DEADLINE_EXCEEDED";
}
