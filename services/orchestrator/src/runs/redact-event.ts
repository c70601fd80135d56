import { createRedact } from "@clew/playbook/redact";
import { SandboxEvent } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { limits } from "./limits.ts";

/** What a mark can make of a text, at most: `[redacted]` of one character and its place in a message. */
const mostGrowth = 4;

/**
 * Makes what redacts the events of a sandbox. The usual marks may be longer than the secrets they stand for; where an event would
 * then be too large, brief ones are used, which never make it longer than it was admitted.
 */
export function createRedactEvent(secrets: readonly string[]): (event: SandboxEvent) => SandboxEvent {
  const redact = createRedact(secrets);
  const redactBriefly = createRedact(secrets, "brief");
  const most = limits.eventBytes - limits.eventHeadroomBytes;
  return (event) => {
    const said = redact(event);
    if (said === event) return event;
    const { byteLength } = SandboxEvent.encode(event).finish();
    const fits = byteLength * mostGrowth <= most || SandboxEvent.encode(said).finish().byteLength <= most;
    return fits ? said : redactBriefly(event);
  };
}
