import { judgeAddress } from "@clew/egress/judge-address";
import { Fault } from "@clew/fault/fault";
import { type GivenGuardrails, mergeGuardrails } from "@clew/playbook/guardrail-settings";
import { expect, test } from "vitest";
import { type CheckAddress, Guard } from "./guard.ts";

const { signal } = new AbortController();
const failure = new Fault("ACTION_FAILED", { message: "No." });
const byText: CheckAddress = async (address, rules) => judgeAddress(address, rules);
const guardOf = (given: GivenGuardrails, check = byText) => new Guard({ settings: mergeGuardrails(given), check });
const seen = (signature: string) => ({ signature, pageState: "", visited: [] });

test("a blocked address spends nothing of the budget, and one that is only asked about neither", async () => {
  const guard = guardOf({ maxUrlsVisited: 1, blockedDomains: ["blocked.example"] });
  expect(await guard.admit("https://blocked.example/", signal)).toMatchObject({ rule: "blocked_domains" });
  expect(await guard.check("https://one.example/", signal)).toBeUndefined();
  expect(await guard.admit("https://two.example/", signal)).toBeUndefined();
  expect(await guard.admit("https://two.example/#again", signal)).toBeUndefined();
  expect(await guard.admit("https://one.example/", signal)).toMatchObject({ rule: "url_budget" });
});

test("a hop of a redirect is judged by all but the budget", async () => {
  const guard = guardOf({ maxUrlsVisited: 1 });
  await guard.admit("https://one.example/", signal);
  expect(await guard.follow("https://two.example/", signal)).toBeUndefined();
  expect(await guard.follow("http://10.0.0.1/", signal)).toMatchObject({ rule: "private_network" });
  expect(await guard.follow("file:///etc/passwd", signal)).toMatchObject({ rule: "scheme" });
});

test("a frame is judged by what the run itself said, and may show what shops embed", async () => {
  const guard = guardOf({ blockedDomains: ["blocked.example"] });
  expect(await guard.embed("https://js.stripe.com/frame", signal)).toBeUndefined();
  expect(await guard.embed("https://blocked.example/", signal)).toMatchObject({ rule: "blocked_domains" });
  expect(await guard.embed("http://169.254.169.254/", signal)).toMatchObject({ rule: "metadata_service" });
  expect(await guard.embed("file:///etc/passwd", signal)).toMatchObject({ rule: "scheme" });
  expect(await guard.embed("data:text/html,x", signal)).toBeUndefined();
  expect(await guardOf({ allowedDomains: ["a.example"] }).embed("https://evil.example/", signal)).toMatchObject({
    rule: "allowed_domains",
  });
});

test("an address of which nobody knows where it leads is not let through", async () => {
  const guard = guardOf({ maxUrlsVisited: 1 }, () => Promise.reject(new Fault("NAVIGATION_FAILED")));
  await expect(guard.admit("https://one.example/", signal)).rejects.toMatchObject({ reason: "NAVIGATION_FAILED" });
});

test("once too many actions failed the run may not go on, whatever succeeds later", () => {
  const guard = guardOf({ maxConsecutiveErrors: 1 });
  expect(guard.record(seen("a"), failure).end).toBeUndefined();
  expect(guard.end).toBeUndefined();
  expect(guard.record(seen("b"), failure).end).toMatchObject({ reason: "TOO_MANY_ERRORS" });
  expect(guard.record(seen("c"), undefined).end).toMatchObject({ reason: "TOO_MANY_ERRORS" });
  expect(guard.end).toMatchObject({ reason: "TOO_MANY_ERRORS" });
});

test("work that goes in circles is said to", () => {
  const guard = guardOf({});
  const verdicts = Array.from({ length: 7 }, () => guard.record(seen("a"), undefined).stuck?.severity);
  expect(verdicts).toEqual([undefined, undefined, "hint", "hint", "warning", "warning", "stop"]);
  expect(guard.end).toBeUndefined();
});

test("going in circles ends the run of an agent, for good", () => {
  const guard = guardOf({});
  const ends = Array.from({ length: 7 }, () => guard.record(seen("a"), undefined, "agent").end?.reason);
  expect(ends).toEqual([...Array(6).fill(undefined), "STUCK"]);
  expect(guard.record(seen("another"), undefined).end).toMatchObject({ reason: "STUCK", details: { rule: "stuck_repeat" } });
});

test("[weakness 33] blocks what is blocked by default where the list that was given is empty", () => {
  const merged = mergeGuardrails({ blockedDomains: [] });
  for (const host of [
    "irs.gov",
    "www.gov.uk",
    "my.bank.example",
    "chase.com",
    "secure.chase.com",
    "mail.google.com",
    "x.com",
    "facebook.com",
  ])
    expect(judgeAddress(`https://${host}/`, merged)?.rule, host).toBe("blocked_domains");
  for (const host of ["google.com", "netflix.com", "chase.example", "notx.com"])
    expect(judgeAddress(`https://${host}/`, merged), host).toBeUndefined();
  expect(judgeAddress("https://chase.com/", mergeGuardrails({ allowedDomains: ["chase.com"] }))).toBeUndefined();
});
