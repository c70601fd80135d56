import ipaddr from "ipaddr.js";

/** Ranges that lead into a machine or a network of its own. What is mapped into IPv6 counts as what it is. */
const privateRanges = new Set([
  "unspecified",
  "loopback",
  "private",
  "linkLocal",
  "uniqueLocal",
  "carrierGradeNat",
  "multicast",
  "broadcast",
  "reserved",
  "rfc6052",
  "rfc6145",
  "6to4",
  "teredo",
]);

/** Whether an IP address, as text, lies in a private network; false for what is no IP address. */
export function isPrivateAddress(text: string): boolean {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  return ipaddr.isValid(bare) && privateRanges.has(ipaddr.process(bare).range());
}

/** Whether a host name always means this machine. */
export function isLocalName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  return name === "localhost" || name === "localhost.localdomain" || name.endsWith(".localhost");
}
