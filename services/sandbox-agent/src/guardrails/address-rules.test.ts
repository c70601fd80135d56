import { expect, test } from "vitest";
import { type AddressRules, judgeAddress } from "./address-rules.ts";
import { matchesDomain } from "./domain-glob.ts";

const rules: AddressRules = { allowedDomains: [], blockedDomains: [], allowPrivateNetworks: false, allowedPrivateHosts: [] };

test.each([
  "file:///etc/passwd",
  "javascript:alert(1)",
  "data:text/html,x",
  "chrome://version",
  "view-source:http://x.com",
  "about:blank",
  "no address",
])("opens only http and https: %s", (address) => {
  expect(judgeAddress(address, rules)?.rule).toBe("scheme");
});

test.each([
  "http://127.0.0.1/",
  "http://127.1:8080/",
  "http://2130706433/",
  "http://0x7f.0.0.1/",
  "http://0.0.0.0/",
  "http://10.1.2.3/",
  "http://172.31.0.1/",
  "http://192.168.1.1/",
  "http://169.254.169.254/latest/meta-data",
  "http://100.64.0.1/",
  "http://[::1]/",
  "http://[::]/",
  "http://[fd00::1]/",
  "http://[fe80::1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:a9fe:a9fe]/",
  "http://localhost:3000/",
  "http://LOCALHOST./",
  "http://app.localhost/",
])("keeps out of private networks: %s", (address) => {
  expect(judgeAddress(address, rules)?.rule).toBe("private_network");
  expect(judgeAddress(address, { ...rules, allowPrivateNetworks: true })).toBeUndefined();
});

test("judges a name by where it leads", () => {
  expect(judgeAddress("http://inside.example/", rules, ["93.184.216.34", "10.0.0.7"])?.rule).toBe("private_network");
  expect(judgeAddress("http://outside.example/", rules, ["93.184.216.34"])).toBeUndefined();
});

test("lets through the single private hosts that are named, port and all", () => {
  const some = { ...rules, allowedPrivateHosts: ["127.0.0.1:4000", "localhost:80"] };
  expect(judgeAddress("http://127.0.0.1:4000/x", some)).toBeUndefined();
  expect(judgeAddress("http://localhost/x", some)).toBeUndefined();
  expect(judgeAddress("http://127.0.0.1:4001/", some)?.rule).toBe("private_network");
  expect(judgeAddress("https://localhost/", some)?.rule).toBe("private_network");
});

test("counts only the allowed domains where there are any, the blocked ones otherwise", () => {
  const allowed = { ...rules, allowedDomains: ["*.example.com"], blockedDomains: ["www.example.com"] };
  expect(judgeAddress("https://www.example.com/", allowed)).toBeUndefined();
  expect(judgeAddress("https://example.com/", allowed)).toBeUndefined();
  expect(judgeAddress("https://example.com.evil.org/", allowed)?.rule).toBe("allowed_domains");
  expect(judgeAddress("https://www.example.com/", { ...rules, blockedDomains: ["*.example.com"] })?.rule).toBe("blocked_domains");
});

test.each([
  ["a.b.gov.uk", "*.gov.*", true],
  ["gov.uk", "*.gov.*", false],
  ["Example.COM", "example.com", true],
  ["notexample.com", "*.example.com", false],
  ["aXbXc".toLowerCase(), "a*b*c", true],
  ["ab", "a*b*b", false],
])("matches %s with %s: %s", (host, glob, matches) => {
  expect(matchesDomain(host, [glob])).toBe(matches);
});
