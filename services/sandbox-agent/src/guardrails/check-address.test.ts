import type { EgressDenial, HostRules } from "@clew/egress/egress-policy";
import { expect, test } from "vitest";
import { createCheckAddress } from "./check-address.ts";

const rules: HostRules = { allowedDomains: [], blockedDomains: ["blocked.example"], allowPrivateNetworks: false, allowedPrivateHosts: [] };
const { signal } = new AbortController();
const answer = (denial?: EgressDenial) => createCheckAddress(async () => ({ denial }));

test("judges an address by where its host leads, with its port", async () => {
  const asked: string[] = [];
  const check = createCheckAddress(async ({ host, port }) => {
    asked.push(`${host}:${port}`);
    return host === "inside.example" ? { denial: { rule: "private_network", message: "No." } } : {};
  });
  expect(await check("http://inside.example/", rules, signal)).toEqual({ rule: "private_network", message: "No." });
  expect(await check("https://outside.example/", rules, signal)).toBeUndefined();
  expect(await check("https://outside.example:8443/", rules, signal)).toBeUndefined();
  expect(asked).toEqual(["inside.example:80", "outside.example:443", "outside.example:8443"]);
});

test("asks once of what is let through and opened at once, and anew later; of what is not, every time", async () => {
  const asked: string[] = [];
  let now = 0;
  const check = createCheckAddress(
    async ({ host }) => {
      asked.push(host);
      return host === "inside.example" ? { denial: { rule: "private_network", message: "No." } } : {};
    },
    () => now,
  );
  for (const address of ["https://outside.example/a", "https://outside.example/b"])
    expect(await check(address, rules, signal)).toBeUndefined();
  expect(asked).toEqual(["outside.example"]);
  now = 501;
  expect(await check("https://outside.example/c", rules, signal)).toBeUndefined();
  for (let times = 0; times < 2; times++) expect(await check("http://inside.example/", rules, signal)).toMatchObject({ message: "No." });
  expect(asked).toEqual(["outside.example", "outside.example", "inside.example", "inside.example"]);
  // Its text is judged all the same.
  expect(await check("https://outside.example/", { ...rules, blockedDomains: ["outside.example"] }, signal)).toMatchObject({
    rule: "blocked_domains",
  });
});

test("asks nobody about what its text decides", async () => {
  const never = createCheckAddress(() => Promise.reject(new Error("asked")));
  expect(await never("http://10.0.0.1/", rules, signal)).toMatchObject({ rule: "private_network" });
  expect(await never("https://blocked.example/", rules, signal)).toMatchObject({ rule: "blocked_domains" });
  expect(await never("file:///etc/passwd", rules, signal)).toMatchObject({ rule: "scheme" });
});

test("[weakness 26] opens no name that cannot be looked up", async () => {
  const check = answer({ rule: "unresolved", message: "no-such-host.invalid could not be looked up." });
  const failed = { reason: "NAVIGATION_FAILED", message: expect.stringContaining("no-such-host.invalid") };
  await expect(check("http://no-such-host.invalid/", rules, signal)).rejects.toMatchObject(failed);
});
