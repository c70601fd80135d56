import type { EgressDenial } from "@clew/egress/egress-policy";
import type { SandboxEvent } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import type { EgressEntry } from "./egress-ledger.ts";

/** What happened, as an event carries it. */
export type EventPayload = NonNullable<SandboxEvent["payload"]>;

/** The most denials that are told of; the ledger has them all. */
const most = 100;
/** A longer host has no place in a summary, and is never cut: half of a secret would not be found in it. */
const hostChars = 100;

/** Tells of denied connections: the first hundred, and then once that there are more. */
export class DenialEvents {
  readonly #say: (summary: string, payload: EventPayload) => void;
  #told = 0;

  constructor(say: (summary: string, payload: EventPayload) => void) {
    this.#say = say;
  }

  /** Begins to count anew, for another run. */
  restart(): void {
    this.#told = 0;
  }

  /** Tells of one. */
  tell({ host, port }: Pick<EgressEntry, "host" | "port">, { rule, message }: EgressDenial): void {
    this.#told++;
    if (this.#told <= most) {
      const where = host.length <= hostChars ? `${host}:${port}` : "a host with a long name";
      this.#say(`Denied a connection to ${where} (${rule})`, { $case: "egressDenied", value: { host, port, rule, message } });
    } else if (this.#told === most + 1) {
      const text = `More than ${most} hosts were denied; egress.json has the others.`;
      this.#say(text, { $case: "warningRaised", value: { reason: "EGRESS_DENIALS", message: text, details: {} } });
    }
  }
}
