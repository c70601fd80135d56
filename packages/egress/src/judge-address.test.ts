import { expect, test } from "vitest";
import type { HostRules } from "./egress-policy.ts";
import { judgeAddress } from "./judge-address.ts";

const rules: HostRules = { allowedDomains: [], blockedDomains: [], allowPrivateNetworks: false, allowedPrivateHosts: [] };

test.each([
  "file:///etc/passwd",
  "javascript:alert(1)",
  "data:text/html,x",
  "chrome://version",
  "view-source:http://x.com",
  "blob:https://example.com/0",
  "about:srcdoc",
  "ftp://example.com/",
  "ws://example.com/",
  "filesystem:https://example.com/x",
  "http://",
  "FILE:///proc/self/environ",
  "about:blank",
  "no address",
])("[weakness 24] opens only http and https: %s", (address) => {
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
  "http://169.254.169.253/",
  "http://100.64.0.1/",
  "http://[::1]/",
  "http://[::]/",
  "http://[fd00::1]/",
  "http://[fe80::1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:a9fe:a9fd]/",
  "http://localhost:3000/",
  "http://LOCALHOST./",
  "http://app.localhost/",
])("keeps out of private networks: %s", (address) => {
  expect(judgeAddress(address, rules)?.rule).toBe("private_network");
  expect(judgeAddress(address, { ...rules, allowPrivateNetworks: true })).toBeUndefined();
});

test.each(["http://169.254.169.254/latest/meta-data", "http://[::ffff:a9fe:a9fe]/"])("never opens a metadata service: %s", (address) => {
  const named = { ...rules, allowPrivateNetworks: true, allowedPrivateHosts: ["169.254.169.254:80", "[::ffff:a9fe:a9fe]:80"] };
  for (const some of [rules, named]) {
    const denial = judgeAddress(address, some);
    expect(denial?.rule).toBe("metadata_service");
    expect(denial?.message).not.toContain("guardrails");
  }
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
  expect(judgeAddress("https://example.com@evil.org/", allowed)?.rule).toBe("allowed_domains");
  expect(judgeAddress("https://evil.org/example.com", allowed)?.rule).toBe("allowed_domains");
  expect(judgeAddress("https://notexample.com/", allowed)?.rule).toBe("allowed_domains");
  expect(judgeAddress("https://EXAMPLE.com./", allowed)).toBeUndefined();
  expect(judgeAddress("https://www.example.com/", { ...rules, blockedDomains: ["*.example.com"] })?.rule).toBe("blocked_domains");
});

test("judges private networks before domains: an allowed domain does not open one", () => {
  const allowed = { ...rules, allowedDomains: ["*"] };
  expect(judgeAddress("http://10.0.0.1/", allowed)?.rule).toBe("private_network");
});
