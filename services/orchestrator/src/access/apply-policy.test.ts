import { parsePlaybook } from "@clew/playbook/parse-playbook";
import { type DeepPartial, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { describe, expect, it } from "vitest";
import { checkSpec } from "../runs/spec.ts";
import { applyPolicy, policyFault } from "./apply-policy.ts";
import { type Policy, policyWith, usualPolicy } from "./policy.ts";

const plain = "id: plain\nsteps: [{ action: extract }]";

function police(given: DeepPartial<RunSpec>, policy: Partial<Policy>, ...sources: readonly string[]) {
  const asked = RunSpec.fromPartial({ work: { $case: "playbook", value: "plain" }, ...given });
  const playbooks = (sources.length > 0 ? sources : [plain]).map((source) => {
    const parsed = parsePlaybook(source);
    if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
    return parsed.playbook;
  });
  return applyPolicy({ asked, spec: checkSpec(asked).spec, playbooks }, { ...usualPolicy, ...policy });
}

const fieldsOf = ({ violations }: ReturnType<typeof police>) => violations.map(({ field }) => field);

describe("the operator's policy", () => {
  it("that bounds nothing changes nothing", () => {
    const asked = RunSpec.fromPartial({ work: { $case: "playbook", value: "plain" } });
    expect(police({}, {})).toEqual({ spec: checkSpec(asked).spec, violations: [] });
  });

  it.each<[what: string, given: DeepPartial<RunSpec>, policy: Partial<Policy>, field: string]>([
    ["steps", { maxSteps: 101 }, { maxSteps: 100 }, "spec.maxSteps"],
    ["time", { timeoutSeconds: 901 }, { timeoutSeconds: 900 }, "spec.timeoutSeconds"],
    ["waiting", { waitForPersonSeconds: 1 }, { waitForPersonSeconds: 0 }, "spec.waitForPersonSeconds"],
    ["keeping", { keepAliveSeconds: 301 }, { keepAliveSeconds: 300 }, "spec.keepAliveSeconds"],
    ["keeping at all", { keepAliveSeconds: 1 }, { keepAliveSeconds: 0 }, "spec.keepAliveSeconds"],
    ["priority", { priority: 6 }, { priority: 5 }, "spec.priority"],
    ["cost", { budget: { maxCostUsd: 2.01 } }, { maxCostUsd: 2 }, "spec.budget.maxCostUsd"],
    ["another model", { model: "a:large" }, { models: ["a:small"] }, "spec.model"],
    ["a video", { recording: { video: true } }, { recording: ["trace"] }, "spec.recording.video"],
    [
      "a private host",
      { guardrails: { allowedPrivateHosts: ["10.0.0.1:80", "10.0.0.1:81"] } },
      { privateHosts: ["10.0.0.1:80"] },
      "spec.guardrails.allowedPrivateHosts[1]",
    ],
    [
      "private networks",
      { guardrails: { allowPrivateNetworks: true } },
      { allowPrivateNetworks: false },
      "spec.guardrails.allowPrivateNetworks",
    ],
    ["a proxy elsewhere", { proxy: "http://evil.example:3128" }, { allowedDomains: ["*.shop.example"] }, "spec.proxy"],
    ["a proxy on a blocked domain", { proxy: "http://evil.example:3128" }, { blockedDomains: ["evil.example"] }, "spec.proxy"],
    ["another domain", { guardrails: { allowedDomains: ["*"] } }, { allowedDomains: ["*.shop.example"] }, "spec.guardrails.allowedDomains"],
  ])("refuses a run that asks for more: %s", (_, given, policy, field) => {
    const policed = police(given, policy);
    expect(fieldsOf(policed)).toEqual([field]);
    expect(policed.violations[0]?.message).toContain("the operator's policy");
  });

  it.each<[given: DeepPartial<RunSpec>, policy: Partial<Policy>]>([
    [{ maxSteps: 100 }, { maxSteps: 100 }],
    [{ guardrails: { allowedPrivateHosts: ["Intra.example:80"] } }, { privateHosts: ["intra.example:80"] }],
    [{ guardrails: { allowedDomains: ["a.shop.example", "*.b.shop.example", "shop.example"] } }, { allowedDomains: ["*.shop.example"] }],
    [{ recording: { video: false } }, { recording: [] }],
  ])("lets a run ask for what is within it: %j", (given, policy) => {
    expect(fieldsOf(police(given, policy))).toEqual([]);
  });

  it.each([
    ["*.example", "*.shop.example"],
    ["*shop.example", "*.shop.example"],
    ["shop.*", "*.shop.example"],
    ["*.shop.example", "a.shop.example"],
    ["*.x.com", "*.x.*"],
  ])("takes the domains %s for more than %s", (glob, allowed) => {
    expect(fieldsOf(police({ guardrails: { allowedDomains: [glob] } }, { allowedDomains: [allowed] }))).toHaveLength(1);
  });

  it("is what holds where nobody said otherwise", () => {
    const { spec, violations } = police(
      {},
      {
        maxSteps: 10,
        timeoutSeconds: 60,
        priority: 3,
        maxCostUsd: 1,
        models: ["a:small", "a:large"],
        recording: ["logs"],
        allowedDomains: ["*.shop.example"],
        blockedDomains: ["admin.shop.example"],
      },
    );
    expect(violations).toEqual([]);
    expect(spec).toMatchObject({
      maxSteps: 10,
      timeoutSeconds: 60,
      priority: 3,
      budget: { maxCostUsd: 1 },
      model: "a:small",
      recording: { trace: false, video: false, screenshots: false, logs: true },
      guardrails: { allowedDomains: ["*.shop.example"], blockedDomains: ["admin.shop.example"] },
    });
  });

  it("leaves alone what is less than it allows", () => {
    const { spec } = police(
      { maxSteps: 5, guardrails: { blockedDomains: ["b.example"] } },
      { maxSteps: 10, blockedDomains: ["a.example"] },
    );
    expect(spec).toMatchObject({ maxSteps: 5, guardrails: { blockedDomains: ["b.example", "a.example"] } });
  });

  it("holds playbooks to it: their domains, those of playbooks they call, and JavaScript of their own", () => {
    const own = "id: own\nguardrails: { allowed_domains: [a.shop.example] }\nsteps: [{ action: extract }]";
    const other = own.replace("own", "other").replace("a.shop.example", "evil.example");
    const policy = { allowedDomains: ["*.shop.example"] };
    expect(police({}, policy, own).violations).toEqual([]);
    expect(police({}, policy, own).spec.guardrails).toBeUndefined();
    expect(fieldsOf(police({}, policy, other))).toEqual(["spec.playbook"]);
    expect(fieldsOf(police({}, policy, own, other))).toEqual(["spec.playbook"]);
    const script = "id: script\nsteps: [{ action: if, if: { text_on_page: x }, then: [{ action: evaluate, params: { script: '1' } }] }]";
    expect(fieldsOf(police({}, { evaluate: false }, own, script))).toEqual(["spec.playbook"]);
    expect(fieldsOf(police({}, {}, script))).toEqual([]);
  });

  it("may allow no model and no private host: then none may be named, and a run that names no model has none", () => {
    const none = { models: [], privateHosts: [] };
    expect(police({}, none).spec.model).toBe("");
    const { violations } = police({ model: "a:small", guardrails: { allowedPrivateHosts: ["10.0.0.1:80"] } }, none);
    const message = "must be left out, since none is allowed: the operator's policy";
    expect(violations).toMatchObject([
      { field: "spec.model", message },
      { field: "spec.guardrails.allowedPrivateHosts[0]", message },
    ]);
  });

  it("closes private networks that tenants share, until the operator opens them, host by host or all, and says the way out", () => {
    const asks = { guardrails: { allowPrivateNetworks: true, allowedPrivateHosts: ["10.0.0.1:80", "10.0.0.2:80"] } };
    const refused = (given: Partial<Policy>, isShared = true) => police(asks, policyWith(given, isShared)).violations;
    const networks = {
      field: "spec.guardrails.allowPrivateNetworks",
      message:
        "must be false; several tenants share private networks here, which CLEW_POLICY opens by privateHosts, host by host: the operator's policy",
    };
    const host = (index: number) => ({
      field: `spec.guardrails.allowedPrivateHosts[${index}]`,
      message: expect.stringMatching(/^must be .*; several tenants share private networks here, which CLEW_POLICY opens by privateHosts: /),
    });
    expect(refused({}, false)).toEqual([]);
    expect(refused({})).toMatchObject([networks, host(0), host(1)]);
    expect(refused({ privateHosts: ["10.0.0.1:80"] })).toMatchObject([networks, host(1)]);
    expect(refused({ allowPrivateNetworks: true })).toEqual([]);
    expect(refused({ allowPrivateNetworks: false, privateHosts: ["10.0.0.1:80"] }).map(({ message }) => message)).toEqual([
      "must be false: the operator's policy",
      "must be one of 10.0.0.1:80: the operator's policy",
    ]);
  });

  it("says all that is beyond it in one refusal", () => {
    const { violations } = police({ maxSteps: 101, priority: 9 }, { maxSteps: 100, priority: 5 });
    expect(policyFault(violations)).toMatchObject({
      reason: "POLICY_EXCEEDED",
      message: "spec.maxSteps: must be at most 100: the operator's policy (and 1 more)",
      violations: [{ field: "spec.maxSteps" }, { field: "spec.priority" }],
    });
  });
});
