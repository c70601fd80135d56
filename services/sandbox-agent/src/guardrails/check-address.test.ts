import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import type { AddressRules } from "./address-rules.ts";
import { checkAddress } from "./check-address.ts";

const rules: AddressRules = { allowedDomains: [], blockedDomains: [], allowPrivateNetworks: false, allowedPrivateHosts: [] };
const { signal } = new AbortController();
const answer = (...addresses: string[]) => ({ resolve: async () => addresses, timeoutMs: 5_000 });

test("judges a name by every address it has", async () => {
  await expect(checkAddress("http://localhost.localdomain/", rules, signal)).resolves.toMatchObject({ rule: "private_network" });
  await expect(checkAddress("http://a.example/", rules, signal, answer("93.184.216.34"))).resolves.toBeUndefined();
  await expect(checkAddress("http://a.example/", rules, signal, answer("93.184.216.34", "10.0.0.7"))).resolves.toMatchObject({
    rule: "private_network",
  });
});

test("opens no name whose server answers too late, whatever it would have answered", async () => {
  const slow = { resolve: () => wait(200, ["10.0.0.7"]), timeoutMs: 20 };
  await expect(checkAddress("http://slow.example/", rules, signal, slow)).rejects.toMatchObject({
    reason: "NAVIGATION_FAILED",
    message: expect.stringContaining("slow.example was not looked up within 0.02 s"),
  });
});

test("[weakness 26] opens no name that cannot be looked up, or has no address", async () => {
  const failed = { reason: "NAVIGATION_FAILED", message: expect.stringContaining("no-such-host.invalid") };
  await expect(checkAddress("http://no-such-host.invalid/", rules, signal)).rejects.toMatchObject(failed);
  await expect(checkAddress("http://no-such-host.invalid/", rules, signal, answer())).rejects.toMatchObject(failed);
});

test("asks for no address where it makes no difference", async () => {
  const never = { resolve: () => Promise.reject(new Error("asked")), timeoutMs: 20 };
  await expect(checkAddress("http://a.example/", { ...rules, allowPrivateNetworks: true }, signal, never)).resolves.toBeUndefined();
  await expect(checkAddress("http://93.184.216.34/", rules, signal, never)).resolves.toBeUndefined();
});

test("gives up with the signal's own reason", async () => {
  const stop = new AbortController();
  const checking = checkAddress("http://slow.example/", rules, stop.signal, { resolve: () => wait(200, []), timeoutMs: 5_000 });
  stop.abort(new Error("stopped"));
  await expect(checking).rejects.toThrow("stopped");
});
