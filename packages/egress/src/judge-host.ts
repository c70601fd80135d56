import { matchesDomain } from "./domain-glob.ts";
import type { EgressDenial, EgressPolicy, ForbiddenAddress, HostRules } from "./egress-policy.ts";
import { isWithin, type Range, readAddress, readRange } from "./ip-address.ts";
import { isLocalName, isPrivateAddress } from "./private-network.ts";

/** A host as an address names it, in the form that URLs have it, and a port of it. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** The most characters that a name has. */
const mostHostChars = 253;

/** Reads a host in whatever notation: `0x7f.1` is `127.0.0.1`. Undefined for what no URL could name, and for what is longer than any name. */
export function readHost(text: string): string | undefined {
  const url = /[/?#@\\]/.test(text) ? null : URL.parse(`http://${text}`);
  return url === null || url.hostname === "" || url.port !== "" || url.hostname.length > mostHostChars ? undefined : url.hostname;
}

/** Reads `host:port`; undefined for what is none. */
export function readAuthority(text: string): HostAndPort | undefined {
  const at = text.lastIndexOf(":");
  const host = readHost(text.slice(0, Math.max(0, at)));
  const port = /^\d{1,5}$/.test(text.slice(at + 1)) ? Number(text.slice(at + 1)) : 0;
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

/** Judges a host by its name: private networks first, then the allowed domains (where there are any only they count), then the blocked ones. */
export function judgeHost(target: HostAndPort, rules: HostRules): EgressDenial | undefined {
  const { host } = target;
  if (!mayBePrivate(target, rules) && (isLocalName(host) || isPrivateAddress(host))) return privateNetwork(target);
  if (rules.allowedDomains.length > 0) {
    if (matchesDomain(host, rules.allowedDomains)) return undefined;
    return { rule: "allowed_domains", message: `${host} is not among the allowed domains.` };
  }
  if (matchesDomain(host, rules.blockedDomains)) return { rule: "blocked_domains", message: `${host} is a blocked domain.` };
  return undefined;
}

/** Judges a host by its name, and whatever of it a policy forbids: what can be said before it is looked up. */
export function judgeEgress(
  target: HostAndPort,
  policy: HostRules & { readonly forbidden: readonly ForbiddenAddress[] },
): EgressDenial | undefined {
  return judgeForbidden(target, [target.host], policy.forbidden) ?? judgeHost(target, policy);
}

/** Judges where a host that was let through by its name leads: every address it has. */
export function judgeAddresses(
  target: HostAndPort,
  addresses: readonly string[],
  policy: Pick<EgressPolicy, "forbidden" | "allowPrivateNetworks" | "allowedPrivateHosts">,
): EgressDenial | undefined {
  const denial = judgeForbidden(target, addresses, policy.forbidden);
  if (denial !== undefined || mayBePrivate(target, policy)) return denial;
  return addresses.some(isPrivateAddress) ? privateNetwork(target) : undefined;
}

const forbiddenWords: Readonly<Record<ForbiddenAddress["rule"], string>> = {
  metadata_service: "is a metadata service, which no run reaches.",
  own_service: "is a service of Clew itself, which no run reaches.",
  forbidden_address: "is an address that the operator forbids.",
};

function judgeForbidden(
  { host, port }: HostAndPort,
  addresses: readonly string[],
  forbidden: readonly ForbiddenAddress[],
): EgressDenial | undefined {
  const read = addresses.flatMap((text) => readAddress(text) ?? []);
  const name = bareName(host);
  const found = forbidden.find(
    (entry) => (entry.port ?? port) === port && (bareName(entry.network) === name || read.some((address) => liesIn(address, entry))),
  );
  return found && { rule: found.rule, message: `${host}:${port} ${forbiddenWords[found.rule]}` };
}

/** What is forbidden stays the same for long, and every address is judged by it. */
const known = new WeakMap<ForbiddenAddress, Range | "none">();

function liesIn(address: Range[0], entry: ForbiddenAddress): boolean {
  const range = known.get(entry) ?? readRange(entry.network) ?? "none";
  known.set(entry, range);
  return range !== "none" && isWithin(address, range);
}

function bareName(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}

function mayBePrivate({ host, port }: HostAndPort, rules: Pick<HostRules, "allowPrivateNetworks" | "allowedPrivateHosts">): boolean {
  if (rules.allowPrivateNetworks) return true;
  const named = `${host.replace(/\.$/, "")}:${port}`;
  return rules.allowedPrivateHosts.some((entry) => entry.toLowerCase() === named);
}

function privateNetwork({ host, port }: HostAndPort): EgressDenial {
  const named = `${host.replace(/\.$/, "")}:${port}`;
  return {
    rule: "private_network",
    message: `${named} is in a private network; name it in guardrails.allowedPrivateHosts if it is meant.`,
  };
}
