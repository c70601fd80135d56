import { secretsOf } from "@clew/playbook/secrets-of";
import { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { describe, expect, it } from "vitest";
import { checkSpec, withoutSecrets } from "./spec.ts";

const playbook = { $case: "playbook", value: "cancel-order" } as const;
const manyDomains = Array.from({ length: 100 }, (_, n) => `${n}`.padEnd(253, "x"));
const headersField = "spec.browser.extraHttpHeaders";
const withHeaders = (extraHttpHeaders: Record<string, string>) => ({ work: playbook, browser: { extraHttpHeaders } });

describe("checking a RunSpec", () => {
  it("fills in what was not given", () => {
    const { spec, violations } = checkSpec(RunSpec.fromPartial({ work: playbook }));
    expect(violations).toEqual([]);
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
    [
      "domain lists that are each fine and too long together",
      { work: playbook, guardrails: { allowedDomains: manyDomains, blockedDomains: manyDomains } },
      "spec",
    ],
    ["too many extra headers", withHeaders(Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`x-${n}`, "v"]))), headersField],
    ["an extra header's name that HTTP refuses", withHeaders({ "a b": "v" }), headersField],
    ["an extra header's name that is too long", withHeaders({ ["x".repeat(101)]: "v" }), headersField],
    ["an extra header's value that is too long", withHeaders({ authorization: "x".repeat(4_097) }), headersField],
    ["an extra header without a value", withHeaders({ "x-empty": "" }), headersField],
    ["an extra header's value of two lines", withHeaders({ authorization: "a\r\nb: c" }), headersField],
    ["something kept for more than an hour", { work: playbook, keepAliveSeconds: 3_601 }, "spec.keepAliveSeconds"],
    ["a fork that continues too", { work: playbook, forkFrom: "run-1", continueFrom: "run-1" }, "spec.forkFrom"],
    ["a fork with a saved login", { work: playbook, forkFrom: "run-1", browserState: "office" }, "spec.browserState"],
  ])("refuses %s, naming the field", (_, given, field) => {
    expect(checkSpec(RunSpec.fromPartial(given)).violations.map((violation) => violation.field)).toEqual([field]);
  });

  it("lists all that is wrong at once", () => {
    const given = RunSpec.fromPartial({ work: playbook, timeoutSeconds: 1, priority: 10, maxSteps: 0 });
    expect(checkSpec(given).violations.map(({ field }) => field)).toEqual(["spec.maxSteps", "spec.timeoutSeconds", "spec.priority"]);
  });

  it("refuses to have a browser that goes on be another, or be tried again", () => {
    const given = RunSpec.fromPartial({
      work: playbook,
      continueFrom: "run-1",
      browserState: "shop",
      viewport: { width: 800, height: 600 },
      browser: { locale: "de", timezone: "Europe/Berlin", colorScheme: "dark", extraHttpHeaders: { "x-a": "b" } },
      retry: { maxAttempts: 2, backoffSeconds: 0 },
    });
    const fields = ["viewport", "browser.locale", "browser.timezone", "browser.colorScheme", "retry.maxAttempts"];
    expect(
      checkSpec(given)
        .violations.map(({ field }) => field)
        .sort(),
    ).toEqual(["browserState", ...fields].map((field) => `spec.${field}`).sort());
    expect(checkSpec(RunSpec.fromPartial({ work: playbook, continueFrom: "run-1", keepAliveSeconds: 60 })).violations).toEqual([]);
  });

  it("[weakness 40] takes every guardrail in its bounds, and refuses what does not fit together when the run is created", () => {
    const stuck = { stuckRepeatHint: 2, stuckRepeatWarn: 3, stuckRepeatStop: 4, stuckWindowSize: 9, stuckRevisitGap: 50 };
    const fine = RunSpec.fromPartial({ work: playbook, guardrails: { maxUrlsVisited: 500, enableLlmActionCheck: true, ...stuck } });
    expect(checkSpec(fine)).toMatchObject({ violations: [] });
    const wrong = RunSpec.fromPartial({ work: playbook, guardrails: { stuckRepeatHint: 5, stuckWindowSize: 8 } });
    expect(checkSpec(wrong).violations.map(({ field }) => field)).toEqual([
      "spec.guardrails.stuckRepeatHint",
      "spec.guardrails.stuckWindowSize",
    ]);
  });

  it("[weakness 30] never echoes a value", () => {
    const given = RunSpec.fromPartial({ work: playbook, credentials: { password: "x".repeat(5_000) }, startUrl: "ftp://hunter2" });
    expect(JSON.stringify(checkSpec(given).violations)).not.toMatch(/xxxx|hunter2/);
  });

  it.each([
    ["http://proxy.example:8080", true],
    ["https://user:p%40ss@proxy.example", true],
    ["socks5://proxy.example:1080", false],
    ["proxy.example:8080", false],
    ["http://proxy.example/path", false],
    ["http://u:%zz@proxy.example", false],
    ["http://", false],
  ])("takes an upstream proxy only in the one form there is: %s", (proxy, isFit) => {
    const { violations } = checkSpec(RunSpec.fromPartial({ work: playbook, proxy }));
    expect(violations.map(({ field }) => field)).toEqual(isFit ? [] : ["spec.proxy"]);
  });

  it("stores names of credentials and nothing of their values", () => {
    const spec = RunSpec.fromPartial({ work: { $case: "playbookSource", value: "steps" }, credentials: { password: "hunter2" } });
    expect(withoutSecrets(spec, "abc")).toMatchObject({ credentials: { password: "" }, work: undefined, playbookSourceSha256: "abc" });
  });

  it("stores names of extra headers and nothing of their values", () => {
    const spec = RunSpec.fromPartial({ work: playbook, browser: { locale: "de", extraHttpHeaders: { authorization: "Bearer hunter2" } } });
    expect(withoutSecrets(spec, undefined).browser).toEqual({
      ...spec.browser,
      locale: "de",
      extraHttpHeaders: { authorization: "" },
    });
  });

  it("counts only what is stored against the size of a spec", () => {
    const credentials = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`c${n}`, "x".repeat(4_000)]));
    const given = RunSpec.fromPartial({ work: { $case: "playbookSource", value: "x".repeat(200_000) }, credentials });
    expect(checkSpec(given).violations).toEqual([]);
  });

  it("lets no spec through that does not fit an event", () => {
    const given = RunSpec.fromPartial({ work: playbook, credentials: { ["n".repeat(70_000)]: "value" } });
    expect(checkSpec(given).violations.map(({ field, rule }) => [field, rule])).toEqual([["spec", "max_bytes"]]);
  });

  it("knows all secrets of a spec, as they are written and as they are sent", () => {
    const spec = RunSpec.fromPartial({
      credentials: { password: "hunter2", user: "" },
      browser: { extraHttpHeaders: { authorization: "Bearer tok-1", "x-key": "key-1" } },
      proxy: "http://me:p%40ss@proxy.example:8080",
    });
    expect(secretsOf(spec).toSorted()).toEqual(["Bearer tok-1", "hunter2", "key-1", "p%40ss", "p@ss", "tok-1"]);
    expect(secretsOf(RunSpec.fromPartial({ proxy: "http://proxy.example:8080" }))).toEqual([]);
  });
});
