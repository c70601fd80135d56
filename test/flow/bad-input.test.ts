import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type System, startSystem } from "../support/system.ts";

const key = "a-key-for-tests";
const otherKey = "another-tenants-key";
/** A playbook of the catalogue, and that it may go where it goes. */
const hello = { playbook: "hello", guardrails: { allowedPrivateHosts: ["127.0.0.1:4000"] } };

describe("bad input", () => {
  let system: System;
  let tokenOfAnotherRun = "";
  let runId = "";
  let otherRunId = "";
  beforeAll(async () => {
    system = await startSystem({
      CLEW_API_KEYS: `default:${key},other:${otherKey}`,
      CLEW_POLICY: "{ allowPrivateNetworks: true }",
      CLEW_MAX_CONCURRENT_RUNS: "1",
    });
    const run = await system.clew.createRun(short());
    const other = await system.clew.createRun(short());
    [runId, otherRunId, tokenOfAnotherRun] = [run.id, other.id, other.resumeToken];
    await Promise.all([run.result(), other.result()]);
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
  });

  const short = () => system.spec(`id: short\nsteps:\n  - { action: goto, params: { url: "${system.backOffice.url}/login" } }\n`);
  const ask = (path: string, init: RequestInit = {}, bearer = key) =>
    fetch(`${system.url}${path}`, { ...init, headers: { authorization: `Bearer ${bearer}`, ...init.headers } });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    ask(path, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });
  const create = (spec: unknown) => post("/v1/runs", spec);

  it.each<[what: string, () => Promise<Response>, status: number, reason: string, says: RegExp]>([
    ["an unknown playbook", () => create({ playbook: "no-such" }), 404, "PLAYBOOK_NOT_FOUND", /playbook/i],
    ["a playbook id that climbs", () => create({ playbook: "../secrets" }), 404, "PLAYBOOK_NOT_FOUND", /playbook/i],
    [
      "YAML with a mistake",
      () => create({ playbookSource: "id: x\nsteps:\n  - {action: goto\n" }),
      400,
      "PLAYBOOK_INVALID",
      /line \d+, column \d+/,
    ],
    [
      "a step that is none",
      () => create({ playbookSource: "id: x\nsteps:\n  - action: jump\n" }),
      400,
      "PLAYBOOK_INVALID",
      /line 3, column \d+/,
    ],
    ["a missing parameter", () => create({ playbook: "cancel-order" }), 400, "INVALID_REQUEST", /^params\.order_id: is missing/],
    [
      "a missing credential",
      () =>
        create({
          playbookSource: "id: x\nsteps:\n  - { action: key_press, selector: input, params: { credential_ref: password } }\n",
          credentials: { username: "ada" },
        }),
      400,
      "INVALID_REQUEST",
      /^credentials\.password: is missing/,
    ],
    ["an unknown field", () => create({ playbok: "cancel-order" }), 400, "INVALID_REQUEST", /playbook/],
    ["a negative timeout", () => create({ playbook: "hello", timeoutSeconds: -1 }), 400, "INVALID_REQUEST", /timeoutSeconds/],
    ["a timeout of 0", () => create({ playbook: "hello", timeoutSeconds: 0 }), 400, "INVALID_REQUEST", /timeoutSeconds/],
    [
      "a start address that is not of the web",
      () => create({ playbook: "hello", startUrl: "file:///etc/passwd" }),
      400,
      "INVALID_REQUEST",
      /startUrl/,
    ],
    ["nothing to run", () => create({}), 400, "INVALID_REQUEST", /playbook/],
    [
      "a directive where there is no model",
      () => create({ directive: "Do what nobody wrote down" }),
      400,
      "MODEL_UNAVAILABLE",
      /CLEW_MODEL/,
    ],
    [
      "a login to keep where no key is set to keep it under",
      () => create({ ...hello, browserState: "shop" }),
      400,
      "STATE_KEY_MISSING",
      /CLEW_STATE_KEY/,
    ],
    [
      "a page for a browser that goes on",
      () => create({ playbook: "hello", continueFrom: "run-1", viewport: { width: 800, height: 600 } }),
      400,
      "INVALID_REQUEST",
      /viewport/,
    ],
    ["no JSON", () => create("{"), 400, "INVALID_REQUEST", /JSON/],
    ["a body that is not JSON", () => post("/v1/runs", "x", { "content-type": "text/plain" }), 415, "UNSUPPORTED_MEDIA_TYPE", /--json/],
    ["a body that is too large", () => create({ playbookSource: "x".repeat(1_100_000) }), 413, "BODY_TOO_LARGE", /1 MiB|large/],
    ["a playbook that is too large", () => create({ playbookSource: "x".repeat(300_000) }), 400, "INVALID_REQUEST", /playbookSource/],
    ["a run that is not there", () => ask(`/v1/runs/run-${"0".repeat(32)}`), 404, "RUN_NOT_FOUND", /run/i],
    ["a run id that is none", () => ask("/v1/runs/..%2f..%2fetc"), 404, "RUN_NOT_FOUND", /run/i],
    ["another tenant's run", () => ask(`/v1/runs/${runId}`, {}, otherKey), 404, "RUN_NOT_FOUND", /run/i],
    ["another tenant's events", () => ask(`/v1/runs/${runId}/stream`, {}, otherKey), 404, "RUN_NOT_FOUND", /run/i],
    ["a wrong key", () => ask("/v1/runs", {}, "wrong-key"), 401, "KEY_INVALID", /key/i],
    ["no key", () => fetch(`${system.url}/v1/runs`), 401, "KEY_MISSING", /key/i],
    ["a garbage token", () => ask(`/v1/runs/${runId}/events?after=garbage`), 400, "TOKEN_MALFORMED", /token/i],
    [
      "a garbage token on a stream",
      () => ask(`/v1/runs/${runId}/stream`, { headers: { "last-event-id": "c1.%%%" } }),
      400,
      "TOKEN_MALFORMED",
      /token/i,
    ],
    [
      "a token of another run",
      () => ask(`/v1/runs/${runId}/events?after=${tokenOfAnotherRun}`),
      400,
      "TOKEN_OF_ANOTHER_RUN",
      /another run/,
    ],
    ["a sequence beyond the tail", () => ask(`/v1/runs/${runId}/events?after=100000`), 400, "FUTURE", /yet/],
    ["a page that is too large", () => ask(`/v1/runs/${runId}/events?limit=1001`), 400, "INVALID_REQUEST", /limit/],
    ["a wait that is too long", () => ask(`/v1/runs/${runId}?wait=61s`), 400, "INVALID_REQUEST", /wait/],
    ["an unknown query parameter", () => ask(`/v1/runs?stat=FAILED`), 400, "INVALID_REQUEST", /state/],
    ["an artifact name that climbs", () => ask(`/v1/runs/${runId}/artifacts/..%2Fjournal`), 404, "ARTIFACT_NOT_FOUND", /artifact/i],
    ["an artifact that is not there", () => ask(`/v1/runs/${runId}/artifacts/nothing.txt`), 404, "ARTIFACT_NOT_FOUND", /artifact/i],
    ["an address that is not there", () => ask("/v2/nothing"), 404, "ROUTE_NOT_FOUND", /address/],
    ["a method that is not there", () => ask("/v1/runs", { method: "PATCH" }), 405, "METHOD_NOT_ALLOWED", /method/],
  ])("[weakness 19] of %s is answered in the common shape", async (_, call, status, reason, says) => {
    const response = await call();
    const text = await response.text();
    expect({ status: response.status, reason: JSON.parse(text).error?.reason }).toEqual({ status, reason });
    const { error } = JSON.parse(text);
    expect(Object.keys(error).sort()).toEqual(["code", "details", "message", "reason", "retryable"]);
    expect(`${error.message} ${JSON.stringify(error.details)}`).toMatch(says);
    expect(text).not.toMatch(/ at .*\.ts|node_modules|\/tmp\/|stack/);
    expect(response.headers.get("x-request-id")).toMatch(/^[A-Za-z0-9._-]+$/);
  });

  it("is told of by a dry run too", async () => {
    const { checks } = await system.clew.dryRun({ ...hello, browserState: "shop" });
    expect(checks.find(({ name }) => name === "browser_state")?.passed).toBe(false);
  });

  it("starts nothing", async () => {
    const runs = await Array.fromAsync(system.clew.listRuns());
    expect(runs.map(({ id }) => id).sort()).toEqual([runId, otherRunId].sort());
  });

  it("names every field that is wrong at once, as the caller wrote it, and echoes no value", async () => {
    const response = await create({
      ...hello,
      timeoutSeconds: 1,
      priority: 77,
      credentials: { password: "" },
      labels: { "hunter 2": "x" },
    });
    const { error } = await response.json();
    expect(error.details.violations.map(({ field }: { field: string }) => field)).toEqual([
      "timeoutSeconds",
      "priority",
      "credentials.password",
      "labels",
      // The playbook's own address is private, and the run does not name it.
    ]);
    expect(JSON.stringify(error)).not.toContain("hunter 2");
  });

  it("[weakness 20] answers the same request id with the same run, and refuses it for another request", async () => {
    const spec = short();
    const first = await post("/v1/runs", spec, { "idempotency-key": "once" });
    const again = await post("/v1/runs", spec, { "idempotency-key": "once" });
    expect([first.status, again.status]).toEqual([201, 201]);
    const { id } = await first.json();
    expect((await again.json()).id).toBe(id);
    expect(first.headers.get("location")).toBe(`/v1/runs/${id}`);
    const other = await post("/v1/runs", { ...spec, priority: 1 }, { "idempotency-key": "once" });
    expect([other.status, (await other.json()).error.reason]).toEqual([409, "IDEMPOTENCY_CONFLICT"]);
    await system.clew.run(id).result();
  });
});
