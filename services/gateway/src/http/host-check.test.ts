import { expect, test } from "vitest";
import { isHostAllowed } from "./host-check.ts";
import { isOriginAllowed } from "./origin-check.ts";

const rules = { port: 8080, localAddress: "192.0.2.7", allowedHosts: ["clew.example.com", "inside:9999"] };

test.each([
  ["localhost:8080", true],
  ["LOCALHOST:8080", true],
  ["127.0.0.1:8080", true],
  ["[::1]:8080", true],
  ["192.0.2.7:8080", true],
  ["clew.example.com", true],
  ["clew.example.com:443", true],
  ["inside:9999", true],
  ["inside:1", false],
  ["localhost", false],
  ["localhost:3000", false],
  ["evil.example.com:8080", false],
  ["localhost.evil.example.com:8080", false],
  ["192.0.2.8:8080", false],
  ["localhost:8080@evil.example.com", false],
  ["", false],
  [undefined, false],
])("a request to %s is let in: %s", (host, expected) => {
  expect(isHostAllowed(host, rules)).toBe(expected);
});

test("an IPv4 address that comes as IPv6 is our own address still", () => {
  expect(isHostAllowed("192.0.2.7:8080", { ...rules, localAddress: "::ffff:192.0.2.7" })).toBe(true);
  expect(isHostAllowed("[2001:db8::7]:8080", { ...rules, localAddress: "2001:db8::7" })).toBe(true);
});

test("on a Unix socket any port is fine, any name is not", () => {
  const unix = { port: undefined, localAddress: undefined, allowedHosts: [] };
  expect(isHostAllowed("localhost", unix)).toBe(true);
  expect(isHostAllowed("evil.example.com", unix)).toBe(false);
});

test.each([
  [undefined, true],
  ["http://localhost:8080", true],
  ["https://localhost:8080", true],
  ["https://app.example.com", true],
  ["http://app.example.com", false],
  ["http://localhost:3000", false],
  ["null", false],
  ["", false],
])("a page of %s may call: %s", (origin, expected) => {
  expect(isOriginAllowed(origin, "localhost:8080", ["https://app.example.com"])).toBe(expected);
});
