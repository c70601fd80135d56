import { expect, test } from "vitest";
import type { EgressPolicy } from "./egress-policy.ts";
import { judgeAddresses, judgeEgress, readHost } from "./judge-host.ts";
import { metadataServices } from "./metadata-services.ts";

const policy: EgressPolicy = {
  allowedDomains: [],
  blockedDomains: ["blocked.example"],
  allowPrivateNetworks: false,
  allowedPrivateHosts: ["127.0.0.1:4000", "intranet.example:443"],
  forbidden: [
    ...metadataServices,
    { network: "127.0.0.0/8", port: 9090, rule: "own_service" },
    { network: "93.184.0.0/16", rule: "forbidden_address" },
  ],
};
const open: EgressPolicy = { ...policy, allowPrivateNetworks: true };

/** Judges a host as whoever connects does: by its name, then by where it leads. */
function judge(host: string, port: number, addresses: readonly string[], by = policy): string | undefined {
  const target = { host: readHost(host) ?? "", port };
  return (judgeEgress(target, by) ?? judgeAddresses(target, addresses, by))?.rule;
}

test("judges a name by every address it has", () => {
  expect(judge("shop.example", 443, ["8.8.8.8"])).toBeUndefined();
  expect(judge("shop.example", 443, ["8.8.8.8", "10.0.0.7"])).toBe("private_network");
  expect(judge("shop.example", 443, ["8.8.8.8", "::ffff:10.0.0.7"])).toBe("private_network");
  expect(judge("shop.example", 443, ["10.0.0.7"], open)).toBeUndefined();
});

test("a name is known to be blocked before it is looked up", () => {
  expect(judgeEgress({ host: "blocked.example", port: 443 }, policy)?.rule).toBe("blocked_domains");
  expect(judgeEgress({ host: "other.example", port: 443 }, { ...policy, allowedDomains: ["shop.example"] })?.rule).toBe("allowed_domains");
});

test("a private host that is named may be reached, on its port, and no name that leads to it", () => {
  expect(judge("127.0.0.1", 4000, ["127.0.0.1"])).toBeUndefined();
  expect(judge("0x7f.1", 4000, ["127.0.0.1"])).toBeUndefined();
  expect(judge("intranet.example", 443, ["10.0.0.7"])).toBeUndefined();
  expect(judge("intranet.example", 80, ["10.0.0.7"])).toBe("private_network");
  expect(judge("evil.example", 4000, ["127.0.0.1"])).toBe("private_network");
});

test.each([
  ["169.254.169.254", 80, "metadata_service"],
  ["0xa9fea9fe", 80, "metadata_service"],
  ["2852039166", 8080, "metadata_service"],
  ["[::ffff:a9fe:a9fe]", 80, "metadata_service"],
  ["[64:ff9b::a9fe:a9fe]", 80, "metadata_service"],
  ["[64:ff9b:1::a9fe:a9fe]", 80, "metadata_service"],
  ["[::ffff:0:a9fe:a9fe]", 80, "metadata_service"],
  ["[2002:a9fe:a9fe::1]", 80, "metadata_service"],
  ["[::a9fe:a9fe]", 80, "metadata_service"],
  ["[fd00:ec2::254]", 80, "metadata_service"],
  ["168.63.129.16", 80, "metadata_service"],
  ["127.0.0.1", 9090, "own_service"],
  ["127.9.9.9", 9090, "own_service"],
  ["127.0.0.1", 9091, undefined],
  ["93.184.216.34", 443, "forbidden_address"],
  ["[::ffff:93.184.216.34]", 443, "forbidden_address"],
  ["93.185.0.1", 443, undefined],
] as const)("%s:%i is judged %s, also where private networks are allowed, and by whatever name it goes", (host, port, rule) => {
  expect(judge(host, port, [host.replace(/^\[|\]$/g, "")], open)).toBe(rule);
  const named = { ...open, allowedPrivateHosts: [`${host}:${port}`, `named.example:${port}`] };
  expect(judge(host, port, [], named)).toBe(rule);
  expect(judge("named.example", port, [readHost(host) ?? ""], named)).toBe(rule);
});

test.each([
  ["127.1", "127.0.0.1"],
  ["0177.0.0.1", "127.0.0.1"],
  ["①②⑦.⓪.⓪.①", "127.0.0.1"],
  ["EXAMPLE.com", "example.com"],
  ["%31%32%37.0.0.1", "127.0.0.1"],
  ["[0:0::1]", "[::1]"],
  ["user@example.com", undefined],
  ["example.com/path", undefined],
  ["example.com:81", undefined],
  ["256.0.0.1", undefined],
  ["a b", undefined],
  ["", undefined],
])("reads the host %s as %s", (text, host) => {
  expect(readHost(text)).toBe(host);
});
