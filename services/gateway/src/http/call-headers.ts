import type { IncomingHttpHeaders } from "node:http";

/** Headers that are passed on to the orchestrator, each with what a sane value looks like. Others stay here. */
const passedOn: Readonly<Record<string, RegExp>> = {
  authorization: /^[\x20-\x7e]{1,8192}$/,
  traceparent: /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/,
  "clew-actor": /^[\x20-\x7e]{1,200}$/,
};

/** What is needed of a request to know who makes it. */
export interface Caller {
  readonly id: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** Picks what a caller's request says to the orchestrator: its key, its trace, its actor, and the request id. */
export function toCallHeaders({ id, headers }: Caller, ticket?: string): Record<string, string> {
  const picked: Record<string, string> = { "x-request-id": id };
  for (const [name, sane] of Object.entries(passedOn)) {
    const value = headers[name];
    if (typeof value === "string" && sane.test(value)) picked[name] = value;
  }
  // By a scheme of its own: what is no ticket is then refused, also where no keys are configured.
  if (ticket !== undefined && picked["authorization"] === undefined)
    picked["authorization"] = /^[\x21-\x7e]{1,8192}$/.test(ticket) ? `Ticket ${ticket}` : "Ticket";
  return picked;
}
