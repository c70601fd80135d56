import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:net";
import { Fault } from "@clew/fault/fault";
import { Artifact_Kind } from "@clew/proto/connect/clew/run/v1/run_pb";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startTestGateway, type TestGateway } from "../testing/start-test-gateway.ts";

let site: TestGateway;
beforeAll(async () => {
  site = await startTestGateway();
});
afterAll(() => site[Symbol.asyncDispose]());

const json = { "content-type": "application/json" };
const post = (path: string, body: string, headers: Record<string, string> = json) =>
  fetch(`${site.url}${path}`, { method: "POST", body, headers });
const get = (path: string, headers: Record<string, string> = {}) => fetch(`${site.url}${path}`, { headers });

async function errorOf(response: Response) {
  const body = await response.json();
  expect(Object.keys(body)).toEqual(["error"]);
  expect(Object.keys(body.error)).toEqual(["code", "reason", "message", "retryable", "details"]);
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(response.headers.get("x-request-id")).toBeTruthy();
  return { status: response.status, ...body.error };
}

describe("calls", () => {
  test("pass on who asks, under which id and trace, and nothing else", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const response = await get("/v1/runs", {
      authorization: "Bearer k",
      "x-request-id": "mine-1",
      traceparent,
      "clew-actor": "ann",
      cookie: "a=b",
    });
    expect(response.headers.get("x-request-id")).toBe("mine-1");
    const call = site.fake.calls.findLast(({ method }) => method === "listRuns");
    expect(Object.fromEntries(call?.headers ?? [])).toMatchObject({
      authorization: "Bearer k",
      "x-request-id": "mine-1",
      traceparent,
      "clew-actor": "ann",
    });
    expect(call?.headers.get("cookie")).toBeNull();
  });

  test("replace a request id that is not sane, and leave out a trace that is none", async () => {
    const response = await get("/v1/runs", { "x-request-id": "a b<script>", traceparent: "nonsense" });
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(site.fake.calls.at(-1)?.headers.get("traceparent")).toBeNull();
  });

  test("write implicit fields also when they are empty", async () => {
    const run = site.fake.addRun(0);
    expect(await (await get(`/v1/runs/${run.id}`)).json()).toMatchObject({
      id: run.id,
      attempt: 0,
      unconfirmedActions: [],
      effects: "EFFECTS_UNSPECIFIED",
      lastSequence: 0,
    });
    expect(await (await get(`/v1/runs/${run.id}/artifacts`)).status).toBe(501);
    expect(await (await get(`/v1/runs/${run.id}/events?after=0`)).json()).toEqual({
      events: [],
      nextResumeToken: run.token(0),
      upToDate: true,
      finished: false,
      resumeToken: run.token(0),
      sequence: 0,
      tail: 0,
    });
  });

  test("answer events as a page, or one a line", async () => {
    const run = site.fake.addRun(3);
    const page = await (await get(`/v1/runs/${run.id}/events?after=1&limit=2`)).json();
    expect(page.events.map(({ sequence }: { sequence: number }) => sequence)).toEqual([2, 3]);
    const lines = await get(`/v1/runs/${run.id}/events?after=1`, { accept: "application/x-ndjson" });
    expect(lines.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
    expect(
      (await lines.text())
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    ).toEqual(page.events);
  });

  test("use Idempotency-Key as the request id", async () => {
    await post("/v1/runs", '{"playbook":"hello"}', { ...json, "idempotency-key": "once" });
    expect(site.fake.calls.at(-1)?.request).toMatchObject({ requestId: "once" });
  });

  test("answer HEAD as GET without a body", async () => {
    const response = await fetch(`${site.url}/v1/runs`, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });
});

describe("errors", () => {
  test.each<[string, () => Promise<Response>, object]>([
    ["an unknown address", () => get("/v2/runs"), { status: 404, reason: "ROUTE_NOT_FOUND" }],
    ["an unknown run", () => get("/v1/runs/run-0"), { status: 404, reason: "RUN_NOT_FOUND", code: "NOT_FOUND" }],
    ["an address that is no URL", () => get("/v1/runs/%zz"), { status: 400, reason: "INVALID_REQUEST" }],
    ["a part of an address that is too long", () => get(`/v1/runs/${"x".repeat(600)}`), { status: 400, reason: "INVALID_REQUEST" }],
    [
      "a body that is not JSON",
      () => post("/v1/runs", '{"playbook": hunter2}'),
      { status: 400, reason: "INVALID_REQUEST", message: expect.not.stringContaining("hunter2") },
    ],
    [
      "a body with a name twice",
      () => post("/v1/runs", '{"params":{"a":1},"params":{}}'),
      {
        status: 400,
        details: { violations: [{ field: "params", rule: "duplicate", message: expect.stringContaining("line 1 column 19") }] },
      },
    ],
    [
      "a body of another type",
      () => post("/v1/runs", "a=b", { "content-type": "application/x-www-form-urlencoded" }),
      { status: 415, reason: "UNSUPPORTED_MEDIA_TYPE", message: expect.stringContaining("curl --json") },
    ],
    [
      "a body of plain text",
      () => post("/v1/runs", "{}", { "content-type": "text/plain" }),
      { status: 415, reason: "UNSUPPORTED_MEDIA_TYPE" },
    ],
    [
      "a body that is too large",
      () => post("/v1/runs", `{"directive":"${"x".repeat(1_100_000)}"}`),
      { status: 413, reason: "BODY_TOO_LARGE" },
    ],
    [
      "an unknown field",
      () => post("/v1/runs", '{"playbok":"x"}'),
      { status: 400, details: { violations: [{ field: "playbok", rule: "unknown", message: "is not known; did you mean playbook?" }] } },
    ],
    [
      "an unknown field that is named as the body is in the RPC",
      () => post("/v1/runs", '{"spec":{"playbook":"x"}}'),
      {
        status: 400,
        details: {
          violations: [
            { field: "spec", rule: "unknown", message: expect.stringMatching(/^is not known; known are directive, playbook, /) },
          ],
        },
      },
    ],
    [
      "an unknown parameter",
      () => get("/v1/runs?pagesize=2"),
      { status: 400, details: { violations: [{ field: "pagesize", rule: "unknown", message: "is not known; did you mean pageSize?" }] } },
    ],
    [
      "what the orchestrator finds wrong, in the caller's own names",
      () => post("/v1/runs", '{"playbook":"x","timeoutSeconds":1}'),
      {
        status: 400,
        message: "timeoutSeconds: must be 5 to 3600",
        details: { violations: [{ field: "timeoutSeconds", rule: "range", message: "must be 5 to 3600" }] },
      },
    ],
    [
      "a stream's unknown parameter",
      () => get("/v1/runs/run-0/stream?afer=1"),
      { status: 400, details: { violations: [expect.objectContaining({ field: "afer", message: "is not known; did you mean after?" })] } },
    ],
    ["many runs over one connection, none named", () => get("/v1/streams"), { status: 400, reason: "INVALID_REQUEST" }],
    ["what the orchestrator does not serve", () => get("/v1/playbooks"), { status: 501, reason: "NOT_IMPLEMENTED" }],
  ])("%s", async (_what, call, expected) => {
    expect(await errorOf(await call())).toMatchObject(expected);
  });

  test("a request that is no HTTP is answered in the same shape", async () => {
    const { port } = new URL(site.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.end("NONSENSE / HTTP/1.1\r\n\r\n");
    let text = "";
    for await (const bytes of socket) text += bytes;
    expect(text).toContain("HTTP/1.1 400");
    expect(JSON.parse(text.slice(text.indexOf("{")))).toMatchObject({ error: { code: "INVALID_ARGUMENT", reason: "INVALID_REQUEST" } });
  });

  test.each([
    ["PUT", "/v1/runs", "GET, HEAD, POST"],
    ["POST", "/v1/runs/run-0/events", "GET, HEAD"],
    ["HEAD", "/v1/runs/run-0/stream", "GET"],
    ["GET", "/v1/runs/dry-run", "POST"],
    ["POST", "/healthz", "GET, HEAD"],
    ["DELETE", "/v1/files", "POST"],
  ])("%s %s is 405 with the methods there are", async (method, path, allow) => {
    const response = await fetch(`${site.url}${path}`, { method });
    expect(response.headers.get("allow")?.split(", ").toSorted().join(", ")).toBe(allow);
    expect(response.status).toBe(405);
    if (method !== "HEAD") expect(await errorOf(response)).toMatchObject({ reason: "METHOD_NOT_ALLOWED" });
  });

  test("an overload says when to come back", async () => {
    site.fake.failNext("createRun", new Fault("QUEUE_FULL", { retryAfterMs: 6_500 }));
    const response = await post("/v1/runs", "{}");
    expect(response.headers.get("retry-after")).toBe("7");
    expect(await errorOf(response)).toMatchObject({ status: 429, code: "RESOURCE_EXHAUSTED", reason: "QUEUE_FULL", retryable: true });
  });

  test("a missing key says how to give one", async () => {
    site.fake.failNext("listRuns", new Fault("KEY_MISSING"));
    const response = await get("/v1/runs");
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(await errorOf(response)).toMatchObject({ status: 401, reason: "KEY_MISSING" });
  });

  test("an orchestrator that is away is 503, and ready again when it is back", async () => {
    await using other = await startTestGateway();
    await other.fake.kill();
    const response = await fetch(`${other.url}/v1/runs`);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await errorOf(response)).toMatchObject({ status: 503, reason: "ORCHESTRATOR_UNAVAILABLE", retryable: true });
    expect(await errorOf(await fetch(`${other.url}/readyz`))).toMatchObject({ status: 503 });
    expect((await fetch(`${other.url}/healthz`)).status).toBe(200);
    await other.fake.listen();
    expect((await fetch(`${other.url}/v1/runs`)).status).toBe(200);
    expect((await fetch(`${other.url}/readyz`)).status).toBe(200);
  });
});

describe("artifacts", () => {
  const bytes = randomBytes(300_000);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  let path: string;
  beforeAll(() => {
    const run = site.fake.addRun(1);
    run.artifacts.set("trace.zip", { artifact: { kind: Artifact_Kind.TRACE, contentType: "application/zip", sha256 }, bytes });
    run.artifacts.set("page.html", { artifact: { contentType: "text/html\r\nx-forged: 1", sha256 }, bytes });
    run.artifacts.set("short.bin", { artifact: { sizeBytes: 400_000, sha256 }, bytes });
    path = `/v1/runs/${run.id}/artifacts`;
  });

  test("come whole, named, typed and kept from running", async () => {
    const response = await get(`${path}/trace.zip`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/zip",
      "content-length": "300000",
      "content-disposition": 'attachment; filename="trace.zip"',
      "content-security-policy": "sandbox; default-src 'none'",
      "x-content-type-options": "nosniff",
      etag: `"${sha256}"`,
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test("come in part", async () => {
    const response = await get(`${path}/trace.zip`, { range: "bytes=100000-200000" });
    expect([response.status, response.headers.get("content-range")]).toEqual([206, "bytes 100000-200000/300000"]);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(100_000, 200_001))).toBe(true);
    const tail = await get(`${path}/trace.zip`, { range: "bytes=-10" });
    expect(Buffer.from(await tail.arrayBuffer()).equals(bytes.subarray(-10))).toBe(true);
  });

  test("are read once at a time, also where only a part is asked for", async () => {
    const run = site.fake.addRun(1);
    const size = 60_000_000;
    run.artifacts.set("big.bin", { artifact: { sha256 }, bytes: new Uint8Array(size) });
    const response = await get(`/v1/runs/${run.id}/artifacts/big.bin`, { range: `bytes=10-${size - 1}` });
    const reader = response.body?.getReader();
    await reader?.read();
    await vi.waitFor(() => expect(site.fake.openDownloads).toBe(1));
    await reader?.cancel();
    await vi.waitFor(() => expect(site.fake.openDownloads).toBe(0));
  });

  test("are never a mixture: a part of a file that was replaced meanwhile is not sent under the old one's name", async () => {
    const run = site.fake.addRun(1);
    const sums = [sha256, "0".repeat(64)];
    const artifact = {
      get sha256() {
        return sums.shift() ?? "";
      },
    };
    run.artifacts.set("twice.bin", { artifact, bytes });
    const response = await get(`/v1/runs/${run.id}/artifacts/twice.bin`, { range: "bytes=0-9" });
    expect(await errorOf(response)).toMatchObject({ status: 409, reason: "ARTIFACT_CHANGED", retryable: true });
  });

  test("come whole where the part belongs to another version", async () => {
    const response = await get(`${path}/trace.zip`, { range: "bytes=0-9", "if-range": '"other"' });
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });

  test("refuse a range they do not have", async () => {
    const response = await get(`${path}/trace.zip`, { range: "bytes=300000-" });
    expect(response.headers.get("content-range")).toBe("bytes */300000");
    expect(await errorOf(response)).toMatchObject({ status: 416, reason: "RANGE_NOT_SATISFIABLE" });
  });

  test("are not sent again to whoever has them", async () => {
    expect((await get(`${path}/trace.zip`, { "if-none-match": `W/"x", "${sha256}"` })).status).toBe(304);
  });

  test("answer HEAD with their size", async () => {
    const response = await fetch(`${site.url}${path}/trace.zip`, { method: "HEAD" });
    expect([response.status, response.headers.get("content-length"), await response.text()]).toEqual([200, "300000", ""]);
  });

  test("cannot forge a header", async () => {
    const response = await get(`${path}/page.html`);
    expect([response.headers.get("content-type"), response.headers.get("x-forged")]).toEqual(["application/octet-stream", null]);
    await response.body?.cancel();
  });

  test("[weakness 44] cut the connection where bytes are missing", async () => {
    const response = await get(`${path}/short.bin`);
    expect(response.headers.get("content-length")).toBe("400000");
    await expect(response.arrayBuffer()).rejects.toThrow();
  });

  test("that are not there are 404", async () => {
    expect(await errorOf(await get(`${path}/none.bin`))).toMatchObject({ status: 404, reason: "ARTIFACT_NOT_FOUND" });
  });
});

describe("uploads", () => {
  const upload = (query: string, body: BodyInit) =>
    fetch(`${site.url}/v1/files${query}`, { method: "POST", body, headers: { "content-type": "image/png" } });

  test("pass the bytes on as they come", async () => {
    const response = await upload("?name=a.png", new Uint8Array(randomBytes(3_000_000)));
    expect(await response.json()).toMatchObject({ fileId: "file-a.png", sizeBytes: 3_000_000 });
  });

  test("need a name", async () => {
    expect(await errorOf(await upload("", "x"))).toMatchObject({
      status: 400,
      details: { violations: [expect.objectContaining({ field: "name" })] },
    });
  });

  test("answer the orchestrator's refusal", async () => {
    site.fake.failNext("uploadFile", new Fault("VOLUME_FULL"));
    expect(await errorOf(await upload("?name=a.png", "x"))).toMatchObject({ status: 429, reason: "VOLUME_FULL" });
  });
});

test("the page at / names version and doors, and runs nothing", async () => {
  const response = await get("/");
  expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(await response.text()).toContain(`${site.url}/v1/runs`);
});

test("metrics count requests by route, without any run's id", async () => {
  const run = site.fake.addRun(1);
  await (await get(`/v1/runs/${run.id}`)).text();
  const text = await (await get("/metrics")).text();
  expect(text).toContain('clew_gateway_requests_total{door="rest",route="/v1/runs/:run_id",status="200"}');
  expect(text).toContain("clew_gateway_gaps_detected_total 0");
  expect(text).not.toContain(run.id);
});

test("the OpenAPI document is served", async () => {
  expect(await (await get("/openapi.json")).json()).toMatchObject({ openapi: "3.1.0" });
});
