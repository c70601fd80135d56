import ipaddr from "ipaddr.js";

/** What an IPv6 address must lie in to be one of the internet's: all others are local, reserved, or carry an IPv4 address. */
const internetV6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** Names, and ends of names, that always mean this machine or the network it stands in, cloud metadata services among them. */
const localNames = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "lan",
  "home.arpa",
  "ip6-localhost",
  "ip6-loopback",
  "metadata",
  "instance-data",
  "svc",
  "cluster",
];

/** Whether an IP address, as text, is any but a plain address of the internet; false for what is no IP address. What is mapped into IPv6 counts as what it is. */
export function isPrivateAddress(text: string): boolean {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  if (!ipaddr.isValid(bare)) return false;
  const address = ipaddr.process(bare);
  if (address.range() !== "unicast") return true;
  return address instanceof ipaddr.IPv6 && !address.match(internetV6);
}

/** Whether a host name always means this machine or its network. */
export function isLocalName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.+$/, "");
  return localNames.some((local) => name === local || name.endsWith(`.${local}`));
}
