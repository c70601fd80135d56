import type { CallContext } from "@clew/grpc/service";
import { authenticate, type Credentials } from "../access/authenticate.ts";
import { type Caller, demandRight, type Right } from "../access/caller.ts";

/** Says who makes a call. @throws Fault where they may not. */
export type Identify = (context: CallContext, right: Right) => Caller;

/** Makes what tells callers apart by their keys and tickets. Whom a ticket lets see some events only is told so in `clew-ticket-types`. */
export function createIdentify(credentials: Credentials): Identify {
  return (context, right) => {
    const caller = authenticate(credentials, header(context, "authorization"), header(context, "clew-actor"), Date.now());
    demandRight(caller, right);
    if (caller.types.size > 0) context.setHeader("clew-ticket-types", [...caller.types].join());
    return caller;
  };
}

/** Reads a header a caller sent; undefined where there is none. */
export function header({ metadata }: Pick<CallContext, "metadata">, name: string): string | undefined {
  const [value] = metadata.get(name);
  return typeof value === "string" ? value : undefined;
}
