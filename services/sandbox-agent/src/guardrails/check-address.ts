import { lookup } from "node:dns/promises";
import { abortable } from "@clew/streams/abortable";
import { linkSignals } from "@clew/streams/linked-signal";
import { type AddressBlock, type AddressRules, judgeAddress, needsLookup } from "./address-rules.ts";

const lookupMs = 2_000;

/** Judges an address by its text and by where its host leads. A host that cannot be looked up is judged by its text alone. */
export async function checkAddress(address: string, rules: AddressRules, signal: AbortSignal): Promise<AddressBlock | undefined> {
  const block = judgeAddress(address, rules);
  if (block !== undefined || !needsLookup(address, rules)) return block;
  const looking = lookup(new URL(address).hostname, { all: true }).then(
    (found) => found.map((entry) => entry.address),
    () => [],
  );
  using link = linkSignals(signal, AbortSignal.timeout(lookupMs));
  const resolved = await abortable(looking, link.signal).catch(() => []);
  signal.throwIfAborted();
  return judgeAddress(address, rules, resolved);
}
