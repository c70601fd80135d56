import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { type EgressDenial, egressRules } from "@clew/egress/egress-policy";
import type { HostAndPort } from "@clew/egress/judge-host";
import { Fault } from "@clew/fault/fault";
import { linkSignals } from "@clew/streams/linked-signal";
import { z } from "zod";

/** What the warden says of a connection, at the sandbox's way out. */
export interface EgressAnswer {
  /** Why it would not be made. */
  readonly denial?: EgressDenial | undefined;
  /** Why the last one that failed did, by the system's word for it, such as `ECONNREFUSED`. */
  readonly failure?: string | undefined;
}

/** Asks what speaks against a connection. */
export type AskWarden = (target: HostAndPort, signal: AbortSignal) => Promise<EgressAnswer>;

/** Milliseconds an answer may take: longer than a look-up may. */
const answerMs = 8_000;

const answerSchema = z.object({
  denial: z.object({ rule: z.enum(egressRules), message: z.string() }).optional(),
  failure: z.string().optional(),
});

/** Makes what asks the warden over the sandbox's way out. It rejects with NAVIGATION_FAILED when there is no answer within 8 s, and with the signal's reason. */
export function createAskWarden(socketPath: string): AskWarden {
  return async ({ host, port }, signal) => {
    using link = linkSignals(signal, AbortSignal.timeout(answerMs));
    try {
      const path = `/judge?${new URLSearchParams({ host, port: String(port) })}`;
      const asked = request({ socketPath, path, signal: link.signal, agent: false }).end();
      const [answer]: IncomingMessage[] = await once(asked, "response", { signal: link.signal });
      if (answer?.statusCode !== 200) throw new Error("The warden did not understand.");
      return answerSchema.parse(JSON.parse(await text(answer)));
    } catch (cause) {
      signal.throwIfAborted();
      throw new Fault("NAVIGATION_FAILED", { message: `Nobody could say whether ${host} may be reached, so it is not opened.`, cause });
    }
  };
}
