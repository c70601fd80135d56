import { describe, expect, test } from "vitest";
import { isLocalName, isPrivateAddress } from "./private-network.ts";

/** Hosts as addresses have them once parsed, and what a resolver may answer. */
const isPrivate = (host: string) => {
  const { hostname } = new URL(`http://${host}/`);
  return isLocalName(hostname) || isPrivateAddress(hostname);
};

describe("[weakness 26] private and special addresses are known in every notation", () => {
  test.each([
    ["loopback", "127.0.0.1", "127.255.255.254", "127.1", "127.0.1"],
    ["octal", "0177.0.0.1", "0300.0250.0.1", "012.1.2.3", "00000177.1"],
    ["hexadecimal", "0x7f.0.0.1", "0x7f000001", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE"],
    ["one number", "2130706433", "2852039166", "017700000001", "0"],
    ["mixed notations", "0x7f.1", "127.0x1", "0xa.010.2.3"],
    ["RFC 1918", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1"],
    ["this network", "0.0.0.0", "0.1.2.3"],
    ["link-local", "169.254.0.1", "169.254.169.254", "169.254.170.2"],
    ["carrier-grade NAT", "100.64.0.1", "100.100.100.200", "100.127.255.255"],
    ["benchmarks", "198.18.0.1", "198.19.255.255"],
    ["documentation and protocols", "192.0.0.192", "192.0.2.1", "198.51.100.1", "203.0.113.1", "192.88.99.1"],
    ["multicast and beyond", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"],
    ["IPv6 itself", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]"],
    ["mapped", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[::ffff:10.0.0.1]", "[::ffff:0:127.0.0.1]"],
    ["compatible", "[::127.0.0.1]", "[::a9fe:a9fe]", "[::7f00:1]"],
    ["NAT64", "[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b::808:808]", "[64:ff9b:1::a00:1]"],
    ["6to4 and Teredo", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2001::1]", "[2001:0:4136:e378:8000:63bf:3fff:fdd2]"],
    ["unique local", "[fc00::1]", "[fd00:ec2::254]", "[fdff:ffff::1]"],
    ["link- and site-local", "[fe80::1]", "[febf::1]", "[fec0::1]"],
    ["multicast and reserved", "[ff02::1]", "[2001:db8::1]", "[100::1]", "[3fff::1]", "[5f00::1]", "[4000::1]"],
    ["names", "localhost", "LOCALHOST", "localhost.", "app.localhost", "a.b.localhost.", "localhost.localdomain", "ip6-localhost"],
    ["metadata by name", "metadata.google.internal", "metadata", "METADATA.google.internal.", "instance-data.ec2.internal"],
    ["networks by name", "printer.local", "nas.home.arpa", "host.docker.internal", "kubernetes.default.svc", "db.svc.cluster.local"],
    ["other digits", "①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.0.0.1"],
  ])("%s", (_, ...hosts) => {
    expect(hosts.filter((host) => !isPrivate(host))).toEqual([]);
  });
});

test.each([
  "93.184.216.34",
  "1.1.1.1",
  "8.8.8.8",
  "9.255.255.255",
  "11.0.0.1",
  "100.63.255.255",
  "100.128.0.1",
  "126.255.255.255",
  "128.0.0.1",
  "169.253.255.255",
  "172.15.255.255",
  "172.32.0.1",
  "192.167.255.255",
  "192.169.0.1",
  "198.17.255.255",
  "198.20.0.1",
  "223.255.255.255",
  "[2606:4700::1111]",
  "[2a00:1450:4001::1]",
  "[::ffff:8.8.8.8]",
  "example.com",
  "localhost.example.com",
  "metadata.example.com",
  "notlocalhost",
  "mylocal",
])("leaves the internet's %s", (host) => {
  expect(isPrivate(host)).toBe(false);
});

test("knows the zones that a resolver adds", () => {
  expect(isPrivateAddress("fe80::1%eth0")).toBe(true);
  expect(isPrivateAddress("example.com")).toBe(false);
});
