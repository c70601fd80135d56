import type { EgressPolicy } from "@clew/egress/egress-policy";
import { parsePlaybook } from "@clew/playbook/parse-playbook";
import { givenGuardrails } from "@clew/playbook/schema/guardrails";
import type { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";

/** What a run says of where it may connect to; what no run may reach is the machine's to add. */
export type RunEgress = Omit<EgressPolicy, "forbidden">;

/**
 * Says where a run may connect to: the run's guardrails, and its playbook's where they count. The default blocklist is about where a run goes, not about
 * what pages embed, so it is the guardrails' alone.
 */
export function runEgress({ guardrails, proxy }: Pick<RunSpec, "guardrails" | "proxy">, playbookSource: string): RunEgress {
  const parsed = parsePlaybook(playbookSource, { wasRight: true });
  const playbook = givenGuardrails("playbook" in parsed ? parsed.playbook.guardrails : undefined);
  const own = guardrails?.allowedDomains ?? [];
  return {
    allowedDomains: [...(own.length > 0 ? own : (playbook.allowedDomains ?? []))],
    blockedDomains: [...new Set([...(playbook.blockedDomains ?? []), ...(guardrails?.blockedDomains ?? [])])],
    allowPrivateNetworks: guardrails?.allowPrivateNetworks === true,
    allowedPrivateHosts: [...(guardrails?.allowedPrivateHosts ?? [])],
    ...(proxy !== undefined && { upstream: proxy }),
  };
}
