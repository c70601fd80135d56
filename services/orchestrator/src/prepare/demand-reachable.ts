import type { ForbiddenAddress } from "@clew/egress/egress-policy";
import { targetOf } from "@clew/egress/judge-address";
import { judgeEgress, readAuthority } from "@clew/egress/judge-host";
import { metadataServices } from "@clew/egress/metadata-services";
import { invalidRequest, type Violation } from "@clew/fault/fault";
import { knownAddresses } from "@clew/playbook/address-problems";
import { bindParameters } from "@clew/playbook/bind-parameters";
import type { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { policyFault } from "../access/apply-policy.ts";
import type { FoundWork } from "../playbooks/find-work.ts";

/** What a run would connect to, as far as it is known before it begins. */
export interface Reaching {
  readonly spec: Pick<RunSpec, "guardrails" | "proxy" | "startUrl">;
  readonly work: Pick<FoundWork, "playbook" | "params"> | undefined;
  /** Addresses that no run reaches; the metadata services unless given. */
  readonly forbidden: readonly ForbiddenAddress[] | undefined;
}

/**
 * Refuses a run that is known to lead where it may not connect to, by its addresses' text: hosts are looked up when it runs.
 *
 * @throws Fault POLICY_EXCEEDED for what no run reaches, INVALID_REQUEST for a private network that the run does not name.
 */
export function demandReachable({ spec, work, forbidden = metadataServices }: Reaching): void {
  const allowedPrivateHosts = spec.guardrails?.allowedPrivateHosts ?? [];
  const allowPrivateNetworks = spec.guardrails?.allowPrivateNetworks === true;
  const policy = { allowedDomains: [], blockedDomains: [], allowPrivateNetworks, allowedPrivateHosts: [...allowedPrivateHosts] };
  const playbook = work?.playbook;
  const bound = playbook && bindParameters(playbook, work.params);
  const addresses = playbook !== undefined && bound !== undefined && "values" in bound ? knownAddresses(playbook, bound.values) : [];
  const violations = [
    ...allowedPrivateHosts.map((text, index) => ({ field: `guardrails.allowedPrivateHosts[${index}]`, target: readAuthority(text) })),
    ...[...addresses, { field: "startUrl", address: spec.startUrl ?? "" }, { field: "proxy", address: spec.proxy ?? "" }].map(
      ({ field, address }) => ({ field, target: targetOf(address) }),
    ),
  ].flatMap(({ field, target }): Violation[] => {
    const denial = target && judgeEgress(target, { ...policy, forbidden: [...forbidden] });
    return denial === undefined
      ? []
      : [{ field: `spec.${field}`, rule: denial.rule, message: `leads where it may not: ${denial.message}` }];
  });
  const never = violations.filter(({ rule }) => rule !== "private_network");
  const beyond = policyFault(never);
  if (beyond !== undefined) throw beyond;
  const [first, ...others] = violations;
  if (first !== undefined) throw invalidRequest([first, ...others]);
}
