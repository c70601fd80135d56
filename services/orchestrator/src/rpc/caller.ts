import { Fault } from "@clew/fault/fault";
import type { CallContext } from "@clew/grpc/service";
import { type ApiKey, authenticate, type Caller } from "../access/keys.ts";

/** What a call needs: `read` anything, or `run` to change something. */
export type Right = "read" | "run";

/** Says who makes a call. @throws Fault where they may not. */
export type Identify = (context: CallContext, right: Right) => Caller;

/** Makes what tells callers apart by their keys. */
export function createIdentify(keys: readonly ApiKey[]): Identify {
  return (context, right) => {
    const caller = authenticate(keys, header(context, "authorization"), header(context, "clew-actor"));
    if (right === "run" && caller.readOnly) throw new Fault("NOT_PERMITTED", { message: "This key may only read." });
    return caller;
  };
}

/** Reads a header a caller sent; undefined where there is none. */
export function header({ metadata }: Pick<CallContext, "metadata">, name: string): string | undefined {
  const [value] = metadata.get(name);
  return typeof value === "string" ? value : undefined;
}
