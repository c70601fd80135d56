import type { KnownSecrets } from "@clew/playbook/known-secrets";
import { createRedact, type Redact } from "@clew/playbook/redact";
import { SandboxEvent } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import type { SandboxProducer } from "./admit.ts";
import { withHostSpellings } from "./host-spellings.ts";
import { limits } from "./limits.ts";

/** What a mark can make of a text, at most: `[redacted]` of one character and its place in a message. */
const mostGrowth = 4;

/** Masks the secrets in an event. */
export type RedactEvent = (event: SandboxEvent) => SandboxEvent;

/** What masks what is known by now: to make it takes long where much is. */
interface Made {
  readonly count: number;
  readonly redact: Redact;
  redactBriefly: Redact | undefined;
}

/**
 * Makes what redacts the events of a sandbox, by all that is secret when it is called. The usual marks may be longer than the secrets they stand for; where an event would
 * then be too large, brief ones are used, which never make it longer than it was admitted.
 */
export function createRedactEvent(
  secrets: Pick<KnownSecrets, "values" | "count">,
  spell: (values: readonly string[]) => readonly string[] = (values) => values,
): RedactEvent {
  const most = limits.eventBytes - limits.eventHeadroomBytes;
  let made: Made | undefined;
  return (event) => {
    if (made?.count !== secrets.count)
      made = { count: secrets.count, redact: createRedact(spell(secrets.values)), redactBriefly: undefined };
    const said = made.redact(event);
    if (said === event) return event;
    const { byteLength } = SandboxEvent.encode(event).finish();
    const fits = byteLength * mostGrowth <= most || SandboxEvent.encode(said).finish().byteLength <= most;
    if (fits) return said;
    made.redactBriefly ??= createRedact(spell(secrets.values), "brief");
    return made.redactBriefly(event);
  };
}

/** Makes what redacts the events of one that says something in a sandbox: a warden names hosts as browsers write them. */
export function redactEventOf(producer: SandboxProducer, secrets: KnownSecrets): RedactEvent {
  return createRedactEvent(secrets, producer === "warden" ? withHostSpellings : undefined);
}
