import type { Code } from "@clew/fault/code";
import type { Fault } from "@clew/fault/fault";

const refusals: ReadonlySet<Code> = new Set(["NOT_FOUND", "UNAUTHENTICATED", "PERMISSION_DENIED", "INVALID_ARGUMENT"]);

/** Whether a fault says that a reader should not come back, with status 404, 401, 403 or 400; a ticket that has ended is told in-band. */
export function isRefusal({ code, reason }: Fault): boolean {
  return refusals.has(code) && reason !== "TICKET_EXPIRED";
}
