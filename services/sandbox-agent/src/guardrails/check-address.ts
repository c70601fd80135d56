import { judgeAddress, targetOf } from "@clew/egress/judge-address";
import { Fault } from "@clew/fault/fault";
import type { AskWarden } from "../egress/ask-warden.ts";
import type { CheckAddress } from "./guard.ts";

/**
 * Milliseconds that the warden's word counts that a connection would be made: what an action opens is judged before it, and again as the browser asks for it.
 * A connection is judged by the warden itself, as it is made.
 */
const knownMs = 500;

/** The most hosts that are kept in mind. */
const mostKnown = 100;

/**
 * Makes what judges an address by its text and by where its host leads, which the warden knows: nobody looks names up in a sandbox. It rejects with NAVIGATION_FAILED where that cannot be known, and with the
 * signal's reason.
 */
export function createCheckAddress(ask: AskWarden, now = () => performance.now()): CheckAddress {
  /** Until when what leads to a host and port is known to be let through. */
  const known = new Map<string, number>();
  return async (address, rules, signal) => {
    const block = judgeAddress(address, rules);
    const target = targetOf(address);
    if (block !== undefined || target === undefined) return block;
    const key = `${target.host}:${target.port}`;
    if ((known.get(key) ?? 0) > now()) return undefined;
    known.delete(key);
    const { denial } = await ask(target, signal);
    if (denial?.rule === "unresolved") throw new Fault("NAVIGATION_FAILED", { message: denial.message });
    if (denial === undefined) {
      if (known.size >= mostKnown) known.clear();
      known.set(key, now() + knownMs);
    }
    return denial;
  };
}
