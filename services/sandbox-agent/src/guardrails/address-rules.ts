import type { GuardrailSettings } from "@clew/playbook/guardrail-settings";
import { matchesDomain } from "./domain-glob.ts";
import type { GuardrailBlock } from "./guardrail-block.ts";
import { isLocalName, isPrivateAddress } from "./private-network.ts";

/** Where a run may go. */
export type AddressRules = Pick<GuardrailSettings, "allowedDomains" | "blockedDomains" | "allowedPrivateHosts"> & {
  readonly allowPrivateNetworks?: boolean | undefined;
};

/**
 * Judges an address: first its scheme, then private networks, then the allowed domains (where there are any only they count), then the blocked ones.
 * `resolved` are the addresses its host is known to have. Answers nothing where it may be opened.
 */
export function judgeAddress(address: string, rules: AddressRules, resolved: readonly string[] = []): GuardrailBlock | undefined {
  const url = URL.parse(address);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "") {
    return { rule: "scheme", message: "Only http and https addresses may be opened." };
  }
  const host = url.hostname;
  const isPrivate = () => isLocalName(host) || [host, ...resolved].some(isPrivateAddress);
  if (!rules.allowPrivateNetworks && !isAllowedPrivateHost(url, rules) && isPrivate()) {
    return {
      rule: "private_network",
      message: `${url.host} is in a private network; name it in guardrails.allowedPrivateHosts if it is meant.`,
    };
  }
  if (rules.allowedDomains.length > 0) {
    if (matchesDomain(host, rules.allowedDomains)) return undefined;
    return { rule: "allowed_domains", message: `${host} is not among the allowed domains.` };
  }
  if (matchesDomain(host, rules.blockedDomains)) return { rule: "blocked_domains", message: `${host} is a blocked domain.` };
  return undefined;
}

/** Whether an address needs its host looked up to be judged: a name, not already decided. */
export function needsLookup(address: string, rules: AddressRules): boolean {
  const url = URL.parse(address);
  return (
    url !== null &&
    !rules.allowPrivateNetworks &&
    !isAllowedPrivateHost(url, rules) &&
    /[a-z]/i.test(url.hostname) &&
    !url.hostname.startsWith("[")
  );
}

function isAllowedPrivateHost(url: URL, rules: AddressRules): boolean {
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  const named = `${url.hostname.replace(/\.$/, "")}:${port}`;
  return rules.allowedPrivateHosts.some((host) => host.toLowerCase() === named);
}
