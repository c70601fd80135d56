import { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { describe, expect, it } from "vitest";
import { checkSpec, withoutSecrets } from "./spec.ts";

const playbook = { $case: "playbook", value: "cancel-order" } as const;

describe("checking a RunSpec", () => {
  it("fills in what was not given", () => {
    const { spec, violations, unbuilt } = checkSpec(RunSpec.fromPartial({ work: playbook }));
    expect([violations, unbuilt]).toEqual([[], []]);
    expect(spec).toMatchObject({
      timeoutSeconds: 600,
      maxSteps: 50,
      priority: 5,
      viewport: { width: 1280, height: 720 },
      recording: { trace: true, video: false },
    });
  });

  it.each([
    ["nothing to run", {}, "spec.playbook"],
    ["a timeout too short", { work: playbook, timeoutSeconds: 1 }, "spec.timeoutSeconds"],
    ["a timeout of 0", { work: playbook, timeoutSeconds: 0 }, "spec.timeoutSeconds"],
    ["a file address", { work: playbook, startUrl: "file:///etc/passwd" }, "spec.startUrl"],
    ["a javascript address", { work: playbook, startUrl: "javascript:alert(1)" }, "spec.startUrl"],
    ["a data address", { work: playbook, startUrl: "data:text/html,x" }, "spec.startUrl"],
    ["a viewport too small", { work: playbook, viewport: { width: 10 } }, "spec.viewport.width"],
    [
      "too many labels",
      { work: playbook, labels: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`k${n}`, "v"])) },
      "spec.labels",
    ],
    ["parameters too large", { work: playbook, params: { text: "x".repeat(17_000) } }, "spec.params"],
    [
      "a private host without a port",
      { work: playbook, guardrails: { allowedPrivateHosts: ["127.0.0.1"] } },
      "spec.guardrails.allowedPrivateHosts",
    ],
    ["a playbook text too large", { work: { $case: "playbookSource" as const, value: "x".repeat(256 * 1024 + 1) } }, "spec.playbookSource"],
  ])("refuses %s, naming the field", (_, given, field) => {
    expect(checkSpec(RunSpec.fromPartial(given)).violations.map((violation) => violation.field)).toEqual([field]);
  });

  it("lists all that is wrong at once", () => {
    const given = RunSpec.fromPartial({ work: playbook, timeoutSeconds: 1, priority: 10, maxSteps: 0 });
    expect(checkSpec(given).violations.map(({ field }) => field)).toEqual(["spec.maxSteps", "spec.timeoutSeconds", "spec.priority"]);
  });

  it("names each field that is not built yet", () => {
    const given = RunSpec.fromPartial({
      work: playbook,
      model: "anthropic:x",
      budget: { maxCostUsd: 1 },
      retry: { maxAttempts: 2 },
      guardrails: { maxUrlsVisited: 3 },
    });
    expect(checkSpec(given).unbuilt.map(({ field }) => field)).toEqual([
      "spec.model",
      "spec.budget",
      "spec.retry",
      "spec.guardrails.maxUrlsVisited",
    ]);
  });

  it("never echoes a value", () => {
    const given = RunSpec.fromPartial({ work: playbook, credentials: { password: "x".repeat(5_000) }, startUrl: "ftp://hunter2" });
    expect(JSON.stringify(checkSpec(given).violations)).not.toMatch(/xxxx|hunter2/);
  });

  it("stores names of credentials and nothing of their values", () => {
    const spec = RunSpec.fromPartial({ work: { $case: "playbookSource", value: "steps" }, credentials: { password: "hunter2" } });
    expect(withoutSecrets(spec, "abc")).toMatchObject({ credentials: { password: "" }, work: undefined, playbookSourceSha256: "abc" });
  });
});
