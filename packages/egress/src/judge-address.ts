import type { EgressDenial, HostRules } from "./egress-policy.ts";
import { type HostAndPort, judgeEgress, readHost } from "./judge-host.ts";
import { metadataServices } from "./metadata-services.ts";

/** What keeps an address of the web from being opened. */
export interface AddressDenial {
  readonly rule: EgressDenial["rule"] | "scheme";
  /** What the rule says, in a sentence. */
  readonly message: string;
}

/** Judges an address by its text alone: its scheme, then its host, which is never a metadata service. Answers nothing where it may be opened. */
export function judgeAddress(address: string, rules: HostRules): AddressDenial | undefined {
  const target = targetOf(address);
  if (target === undefined) return { rule: "scheme", message: "Only http and https addresses may be opened." };
  return judgeEgress(target, { ...rules, forbidden: metadataServices });
}

/** The host and port that an http or https address leads to; undefined for every other. */
export function targetOf(address: string): HostAndPort | undefined {
  const url = URL.parse(address);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || readHost(url.hostname) === undefined) return undefined;
  return { host: url.hostname, port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port) };
}
