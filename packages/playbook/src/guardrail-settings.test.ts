import { expect, test } from "vitest";
import { defaultBlocklist } from "./default-blocklist.ts";
import { type GivenGuardrails, guardrailNumbers, guardrailProblems, mergeGuardrails } from "./guardrail-settings.ts";

const fieldsOf = (given: GivenGuardrails) => guardrailProblems(given).map(({ field }) => field);

test("defaults fit together", () => {
  expect(guardrailProblems({})).toEqual([]);
  expect(mergeGuardrails({})).toMatchObject({ maxUrlsVisited: 50, maxConsecutiveErrors: 5, stuckRevisitGap: 5, stuckWindowSize: 12 });
});

test("[weakness 33] an empty list of blocked domains leaves the default ones blocked", () => {
  expect(mergeGuardrails({ blockedDomains: [] }, { blockedDomains: [] }).blockedDomains).toEqual(defaultBlocklist);
  expect(mergeGuardrails({ blockedDomains: ["a.example"] }, { blockedDomains: ["b.example"] }).blockedDomains).toEqual([
    ...defaultBlocklist,
    "b.example",
    "a.example",
  ]);
});

test("[weakness 40] what a run gives counts over the playbook's word, also where it equals the default", () => {
  const playbook = { maxUrlsVisited: 7, maxConsecutiveErrors: 1, enableLlmActionCheck: false };
  expect(mergeGuardrails({}, playbook)).toMatchObject(playbook);
  const run = { maxUrlsVisited: 50, maxConsecutiveErrors: 5, enableLlmActionCheck: true };
  expect(mergeGuardrails(run, playbook)).toMatchObject(run);
});

test("only a run opens private networks, whatever its playbook says", () => {
  expect(mergeGuardrails({}, { allowPrivateNetworks: true }).allowPrivateNetworks).toBe(false);
  expect(mergeGuardrails({ allowPrivateNetworks: true }, { allowPrivateNetworks: false }).allowPrivateNetworks).toBe(true);
});

test("[weakness 40] a window that nobody gave holds whole cycles, and one that is too small for them is refused", () => {
  expect(mergeGuardrails({ maxUrlsVisited: 3 }).stuckWindowSize).toBe(12);
  expect(mergeGuardrails({ stuckCycleMaxLength: 10, stuckCycleRepeats: 20 }).stuckWindowSize).toBe(200);
  expect(guardrailProblems({ stuckWindowSize: 8 })).toMatchObject([
    { field: "stuckWindowSize", message: expect.stringContaining("at least 9") },
  ]);
  expect(fieldsOf({ stuckWindowSize: 9 })).toEqual([]);
  expect(fieldsOf({ stuckWindowSize: 12, stuckRepeatStop: 13 })).toEqual(["stuckWindowSize"]);
});

test.each(Object.entries(guardrailNumbers))("bounds %s", (field, { min, max }) => {
  expect(guardrailProblems({ [field]: min - 1 })).toMatchObject([{ field, rule: "range", message: `must be ${min} to ${max}` }]);
  expect(guardrailProblems({ [field]: max + 1 })).toMatchObject([{ field, rule: "range" }]);
  for (const value of [min, max]) expect(guardrailProblems({ [field]: value }).filter(({ rule }) => rule === "range")).toEqual([]);
});

test.each<[GivenGuardrails, string]>([
  [{ stuckRepeatHint: 5 }, "stuckRepeatHint"],
  [{ stuckRepeatWarn: 3 }, "stuckRepeatWarn"],
  [{ stuckRepeatWarn: 7 }, "stuckRepeatWarn"],
  [{ stuckRepeatStop: 5 }, "stuckRepeatStop"],
  [{ stuckRepeatHint: 4, stuckRepeatWarn: 4 }, "stuckRepeatHint"],
  [{ stuckFailureClusterThreshold: 6 }, "stuckFailureClusterThreshold"],
  [{ stuckFailureClusterWindow: 2 }, "stuckFailureClusterWindow"],
])("refuses %o, and names what was given", (given, field) => {
  expect(guardrailProblems(given)).toMatchObject([{ field, rule: "order" }]);
});

test.each(["", "https://example.com", "example.com/path", "example.com:80", "a b", "user@host", "x".repeat(254)])(
  "takes no domain %s",
  (domain) => {
    expect(fieldsOf({ allowedDomains: [domain] })).toEqual(["allowedDomains"]);
    expect(fieldsOf({ blockedDomains: ["ok.example", domain] })).toEqual(["blockedDomains"]);
  },
);

test.each(["*", "*.example.com", "example.com.", "bücher.example", "10.0.0.1", "[::1]"])("takes the domain %s", (domain) => {
  expect(fieldsOf({ allowedDomains: [domain], blockedDomains: [domain] })).toEqual([]);
});

test("takes private hosts with their port only, and a hundred entries", () => {
  expect(fieldsOf({ allowedPrivateHosts: ["127.0.0.1:4000", "[::1]:80", "box:1"] })).toEqual([]);
  expect(guardrailProblems({ allowedPrivateHosts: ["127.0.0.1:80", "127.0.0.1"] })).toEqual([
    { field: "allowedPrivateHosts", rule: "host_port", message: "must hold host:port entries, such as 127.0.0.1:80; [1] is none" },
  ]);
  expect(fieldsOf({ blockedDomains: Array.from({ length: 101 }, (_, index) => `h${index}.example`) })).toEqual(["blockedDomains"]);
});

test("a profile's word counts below the run's and the playbook's, also where theirs equals the default", () => {
  const profile = { maxUrlsVisited: 100, enableLlmActionCheck: false, blockedDomains: [], allowedDomains: ["profile.example"] };
  expect(mergeGuardrails({}, {}, profile)).toMatchObject({ maxUrlsVisited: 100, enableLlmActionCheck: false, allowedDomains: [] });
  expect(mergeGuardrails({ maxUrlsVisited: 50 }, { enableLlmActionCheck: true }, profile)).toMatchObject({
    maxUrlsVisited: 50,
    enableLlmActionCheck: true,
  });
});
