import { Fault, invalidRequest, type Violation } from "@clew/fault/fault";
import type { CreateTicketRequest, CreateTicketResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import type { Caller } from "../access/caller.ts";
import { formatTicket, type SignTicket } from "../access/ticket.ts";
import { limits } from "../runs/limits.ts";
import type { Runs } from "../supervisor/runs.ts";
import { demandEventTypes } from "./event-types.ts";

/** Makes a short right to read some runs that the caller may read. */
export function createTicket(
  { runs: wanted, ttlSeconds, types, artifacts }: CreateTicketRequest,
  caller: Caller,
  runs: Runs,
  signTicket: SignTicket,
): CreateTicketResponse {
  const violations: Violation[] = [];
  const { min, max, default: usual } = limits.ticketSeconds;
  const seconds = ttlSeconds ?? usual;
  if (seconds < min || seconds > max) violations.push({ field: "ttlSeconds", rule: "range", message: `must be ${min} to ${max}` });
  if (wanted.length === 0 || wanted.length > limits.ticketRuns)
    violations.push({ field: "runs", rule: "items", message: `must name 1 to ${limits.ticketRuns} runs` });
  const [first, ...others] = violations;
  if (first !== undefined) throw invalidRequest([first, ...others]);
  demandEventTypes(types);
  for (const [index, runId] of wanted.entries()) {
    try {
      runs.get(runId, caller);
    } catch (error) {
      throw new Fault(Fault.from(error).reason, { details: { field: `runs[${index}]` } });
    }
  }
  const expireTimeMs = Date.now() + seconds * 1_000;
  const ticket = {
    tenant: caller.tenant,
    maker: caller.keyId,
    runs: [...new Set(wanted)],
    types: [...new Set(types)],
    artifacts,
    expireTimeMs,
  };
  return { ticket: formatTicket(ticket, signTicket), expireTime: new Date(expireTimeMs) };
}
