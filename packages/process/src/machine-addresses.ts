import { networkInterfaces } from "node:os";

/** Lists the addresses that this machine has now, loopback's among them, without zones. */
export function machineAddresses(): readonly string[] {
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return found.map(({ address }) => address.replace(/%.*$/, ""));
}
