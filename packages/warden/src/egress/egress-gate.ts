import { isIP } from "node:net";
import { atMachine } from "@clew/egress/at-machine";
import type { EgressDenial, EgressPolicy } from "@clew/egress/egress-policy";
import { type HostAndPort, judgeAddresses, judgeEgress } from "@clew/egress/judge-host";
import { machineAddresses } from "@clew/process/machine-addresses";
import type { ResolveHost } from "./resolve-host.ts";

/** What a connection may lead to: the addresses that were judged. */
export type Verdict = { readonly denial: EgressDenial } | { readonly addresses: readonly string[] };

/** Decides where a sandbox may connect to. Until it has a policy, nowhere. */
export class EgressGate {
  readonly #resolve: ResolveHost;
  readonly #addressesNow: () => readonly string[];
  #policy: EgressPolicy | undefined;

  /** @param addressesNow lists this machine's addresses: they may be others than when the policy was made. */
  constructor(resolve: ResolveHost, addressesNow: () => readonly string[] = machineAddresses) {
    this.#resolve = resolve;
    this.#addressesNow = addressesNow;
  }

  /** The policy; undefined while nothing may go out. */
  get policy(): EgressPolicy | undefined {
    return this.#policy;
  }

  set policy(policy: EgressPolicy | undefined) {
    this.#policy = policy;
  }

  /** Judges a host by its name, looks it up, and judges every address it has. A name that is denied is not looked up. */
  async judge(target: HostAndPort): Promise<Verdict> {
    const policy = this.#policyNow();
    if (policy === undefined) return { denial: { rule: "no_policy", message: "Nobody uses this sandbox yet." } };
    const denial = judgeEgress(target, policy);
    return denial === undefined ? await this.#lookUp(target, policy) : { denial };
  }

  /** Judges the proxy that the run's connections are sent through: by where it leads, since whoever names it means it. */
  async judgeUpstream(target: HostAndPort): Promise<Verdict> {
    const policy = this.#policyNow();
    if (policy === undefined) throw new Error("There is no policy.");
    const denial = judgeEgress(target, { ...policy, allowedDomains: [], blockedDomains: [] });
    return denial === undefined ? await this.#lookUp(target, policy) : { denial };
  }

  #policyNow(): EgressPolicy | undefined {
    return this.#policy && { ...this.#policy, forbidden: [...atMachine(this.#policy.forbidden, this.#addressesNow)] };
  }

  async #lookUp(target: HostAndPort, policy: EgressPolicy): Promise<Verdict> {
    const bare = target.host.replace(/^\[(.*)\]$/, "$1");
    const addresses = isIP(bare) === 0 ? await this.#resolve(bare).catch(() => []) : [bare];
    if (addresses.length === 0) {
      const message = `The host ${target.host} could not be looked up, so nobody knows where it leads.`;
      return { denial: { rule: "unresolved", message } };
    }
    const denial = judgeAddresses(target, addresses, policy);
    return denial === undefined ? { addresses } : { denial };
  }
}
