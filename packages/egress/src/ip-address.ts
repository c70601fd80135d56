import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A network: an address, and how many of its bits count. */
export type Range = [Address, number];

/** Where an IPv6 address carries an IPv4 address: the range, and the byte it begins at. */
const carriers: readonly (readonly [range: [ipaddr.IPv6, number], at: number])[] = [
  [ipaddr.IPv6.parseCIDR("::/96"), 12],
  [ipaddr.IPv6.parseCIDR("::ffff:0:0:0/96"), 12],
  [ipaddr.IPv6.parseCIDR("64:ff9b::/96"), 12],
  // Of a site's own translation, where it stands at the end as in the one above.
  [ipaddr.IPv6.parseCIDR("64:ff9b:1::/48"), 12],
  [ipaddr.IPv6.parseCIDR("2002::/16"), 2],
];

/** Reads an IP address, in brackets or not; what is mapped into IPv6 is what it maps. Undefined for what is none. */
export function readAddress(text: string): Address | undefined {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : undefined;
}

/** Whether an address, or an IPv4 address that it carries, lies in a range. */
export function isWithin(address: Address, range: Range): boolean {
  return [address, ...carriedBy(address)].some((one) => one.kind() === range[0].kind() && one.match(range));
}

/** Reads a range such as `10.0.0.0/8`, or the one address that is named; undefined for what is neither. */
export function readRange(network: string): Range | undefined {
  if (ipaddr.isValidCIDR(network)) return ipaddr.parseCIDR(network);
  const single = readAddress(network);
  return single && [single, single.kind() === "ipv4" ? 32 : 128];
}

function carriedBy(address: Address): readonly Address[] {
  if (!(address instanceof ipaddr.IPv6)) return [];
  return carriers.filter(([range]) => address.match(range)).map(([, at]) => ipaddr.fromByteArray(address.toByteArray().slice(at, at + 4)));
}
