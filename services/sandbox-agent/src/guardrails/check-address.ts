import { lookup } from "node:dns/promises";
import { Fault } from "@clew/fault/fault";
import { abortable } from "@clew/streams/abortable";
import { linkSignals } from "@clew/streams/linked-signal";
import { type AddressRules, judgeAddress, needsLookup } from "./address-rules.ts";
import type { GuardrailBlock } from "./guardrail-block.ts";

/** How a host is looked up. */
export interface AddressLookup {
  /** Answers every address a host has. */
  readonly resolve: (host: string) => Promise<readonly string[]>;
  /** Milliseconds it may take. */
  readonly timeoutMs: number;
}

const systemLookup: AddressLookup = {
  resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  timeoutMs: 5_000,
};

/**
 * Judges an address by its text and by where its host leads.
 *
 * @throws Fault NAVIGATION_FAILED when the host cannot be looked up in time: the browser, asking later, might be led anywhere. The signal's reason.
 */
export async function checkAddress(
  address: string,
  rules: AddressRules,
  signal: AbortSignal,
  { resolve, timeoutMs }: AddressLookup = systemLookup,
): Promise<GuardrailBlock | undefined> {
  const block = judgeAddress(address, rules);
  if (block !== undefined || !needsLookup(address, rules)) return block;
  const host = new URL(address).hostname;
  using link = linkSignals(signal, AbortSignal.timeout(timeoutMs));
  let resolved: readonly string[];
  try {
    resolved = await abortable(resolve(host), link.signal);
  } catch (cause) {
    signal.throwIfAborted();
    const what = link.signal.aborted ? `was not looked up within ${timeoutMs / 1_000} s` : "could not be looked up";
    throw unknownHost(`The host ${host} ${what}, so it is not opened: nobody knows where it leads.`, cause);
  }
  if (resolved.length === 0) throw unknownHost(`The host ${host} has no address.`);
  return judgeAddress(address, rules, resolved);
}

function unknownHost(message: string, cause?: unknown): Fault {
  return new Fault("NAVIGATION_FAILED", { message, cause });
}
