import { judgeAddress, targetOf } from "@clew/egress/judge-address";
import { Fault } from "@clew/fault/fault";
import type { AskWarden } from "../egress/ask-warden.ts";
import type { CheckAddress } from "./guard.ts";

/**
 * Makes what judges an address by its text and by where its host leads, which the warden knows: nobody looks names up in a sandbox. It rejects with NAVIGATION_FAILED where that cannot be known, and with the
 * signal's reason.
 */
export function createCheckAddress(ask: AskWarden): CheckAddress {
  return async (address, rules, signal) => {
    const block = judgeAddress(address, rules);
    const target = targetOf(address);
    if (block !== undefined || target === undefined) return block;
    const { denial } = await ask(target, signal);
    if (denial?.rule === "unresolved") throw new Fault("NAVIGATION_FAILED", { message: denial.message });
    return denial;
  };
}
