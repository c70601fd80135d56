import type { ForbiddenAddress } from "./egress-policy.ts";

/** Stands in a forbidden address for every address of this machine, whichever it has by then. */
export const thisMachine = "machine";

/** Puts the addresses that the machine has now in the place of what stands for them. */
export function atMachine(forbidden: readonly ForbiddenAddress[], addressesNow: () => readonly string[]): readonly ForbiddenAddress[] {
  if (!forbidden.some(({ network }) => network === thisMachine)) return forbidden;
  const addresses = addressesNow();
  return forbidden.flatMap((entry) => (entry.network === thisMachine ? addresses.map((network) => ({ ...entry, network })) : [entry]));
}
