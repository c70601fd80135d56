import { thisMachine } from "@clew/egress/at-machine";
import type { ForbiddenAddress } from "@clew/egress/egress-policy";
import type { Address } from "@clew/process/address";

const loopback = ["127.0.0.0/8", "::1", "0.0.0.0", "::"];

/** Names the addresses of this machine at which a service of Clew's own may be reached, so that no run reaches it. */
export function ownServices(addresses: readonly Address[]): readonly ForbiddenAddress[] {
  return addresses.flatMap((address) => {
    if (address.kind !== "tcp" || address.port === 0) return [];
    const isLoopback = /^(?:127\.|::1$|localhost$)/.test(address.host);
    const networks = isLoopback ? loopback : [...loopback, thisMachine];
    return networks.map((network): ForbiddenAddress => ({ network, port: address.port, rule: "own_service" }));
  });
}
