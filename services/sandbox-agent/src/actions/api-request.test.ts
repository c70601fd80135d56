import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Site, startSite } from "../browser/site.fixture.ts";
import { PlaybookRoom } from "../playbook/playbook-room.fixture.ts";
import { ReportInMemory } from "../work.fixture.ts";

const token = "token-12345678";
const large = Buffer.alloc(11 * 1024 * 1024, "x");

let room: PlaybookRoom;
let site: Site;
let other: Site;
/** The headers of each request, in order. */
let headers: IncomingHttpHeaders[];
/** Resolves once an answer without an end was cut off. */
let cutOff: PromiseWithResolvers<void>;

beforeAll(async () => {
  room = await PlaybookRoom.open();
});
afterAll(() => room[Symbol.asyncDispose]());
beforeEach(async () => {
  headers = [];
  cutOff = Promise.withResolvers();
  const answer =
    (status: number, body: string | Buffer = "", more: Record<string, string> = {}) =>
    (request: IncomingMessage, response: ServerResponse) => {
      headers.push(request.headers);
      response.writeHead(status, more).end(body);
      return undefined;
    };
  other = await startSite({ "/there": answer(200, "there") });
  site = await startSite({
    "/page": (_request, response) => {
      response.setHeader("set-cookie", "session=from-page; Path=/");
      return "<h1>Page</h1>";
    },
    "/json": answer(200, JSON.stringify({ items: [{ id: 7, owner: `by ${token}` }] })),
    "/away": (_request, response) => void response.writeHead(307, { location: `${other.url}/there` }).end(),
    "/round": (_request, response) => void response.writeHead(302, { location: "/round" }).end(),
    "/see": (_request, response) => void response.writeHead(303, { location: "/json" }).end(),
    "/refused": answer(422, `no ${token} for you\n`),
    "/broken": answer(503, "later"),
    "/large": answer(200, large),
    "/endless": async (_request, response) => {
      response.writeHead(200);
      while (!response.destroyed)
        if (!response.write(large.subarray(0, 65_536))) await Promise.race([once(response, "drain"), once(response, "close")]);
      cutOff.resolve();
      return undefined;
    },
    "/small-gzip": answer(200, gzipSync(JSON.stringify({ a: "unpacked" })), { "content-encoding": "gzip" }),
    "/large-gzip": answer(200, gzipSync(large), { "content-encoding": "gzip" }),
    "/never": () => new Promise<undefined>(() => {}),
  });
});
afterEach(async () => {
  await site[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

/** Runs requests, one step each; what the last one found is kept as `found`. */
async function send(requests: readonly object[], spec: object = {}, report = new ReportInMemory()) {
  const steps = requests.map((step) => ({ action: "api_request", store_as: "found", ...step }));
  const playbookSource = JSON.stringify({
    id: "sending",
    start_url: `${site.url}/page`,
    steps: steps.map((step, index) => ({ ...step, ...(index < steps.length - 1 && { store_as: undefined }) })),
  });
  return await room.run(playbookSource, { spec, credentials: { token } }, report);
}

const found = (value: unknown) => ({ state: Run_State.COMPLETED, outcome: { data: { found: value } } });
const failed = (reason: string, message: string) => ({
  state: Run_State.FAILED,
  outcome: { error: { reason, message: expect.stringContaining(message) } },
});

test("sends the browser's cookies, with its own beside them, and reads a value out of the answer", async () => {
  const request = {
    url: `${site.url}/json`,
    query: { q: "a b" },
    cookies: { theme: "dark" },
    headers: { "X-A": "1" },
    response: { mode: "json_path", json_path: "items.0.id" },
  };
  const report = await send([{ request }]);
  expect(report.outcome).toMatchObject(found(7));
  expect(site.asked.at(-1)).toBe("GET /json?q=a+b");
  expect(headers[0]).toMatchObject({ cookie: "session=from-page; theme=dark", "x-a": "1" });
  expect(report.confirmed).toEqual([]);
});

test("masks secrets in what is found and in what a refusal says", async () => {
  const read = await send([{ request: { url: `${site.url}/json`, response: { mode: "json" } } }]);
  expect(read.outcome).toMatchObject(found({ items: [{ id: 7, owner: "by [redacted]" }] }));
  const refused = await send([{ request: { url: `${site.url}/refused` } }]);
  expect(refused.outcome).toMatchObject(failed("ACTION_FAILED", "was answered with status 422: no [redacted] for you"));
  expect(JSON.stringify([...read.events, ...refused.events])).not.toContain(token);
});

test("a request that may change something is announced before it is sent, with its form or its JSON", async () => {
  const asked: number[] = [];
  const report = new ReportInMemory(({ payload }) => {
    if (payload.$case === "actionStarted") asked.push(site.asked.length);
  });
  await send(
    [
      { request: { method: "POST", url: `${site.url}/json`, form: { a: "1 2" } } },
      { request: { method: "PUT", url: `${site.url}/json`, json: { a: [1] } } },
    ],
    {},
    report,
  );
  expect(site.bodies).toEqual(["a=1+2", '{"a":[1]}']);
  expect(report.confirmed).toHaveLength(2);
  expect(asked.slice(1)).toEqual([1, 2]);
});

test("follows redirects as browsers do, ten at most", async () => {
  expect((await send([{ request: { method: "POST", url: `${site.url}/see`, json: {} } }])).outcome.state).toBe(Run_State.COMPLETED);
  expect(site.asked.slice(-2)).toEqual(["POST /see", "GET /json"]);
  expect((await send([{ request: { url: `${site.url}/round` }, on_failure: "abort" }])).outcome).toMatchObject(
    failed("ACTION_FAILED", "more than 10 times"),
  );
  expect(site.asked.filter((line) => line === "GET /round")).toHaveLength(11);
});

test("[weakness 34] a redirect is judged before anything is sent to where it leads", async () => {
  const spec = { guardrails: { allowedPrivateHosts: [site.host] } };
  const report = await send([{ request: { url: `${site.url}/away` } }], spec);
  expect(report.outcome).toMatchObject(failed("GUARDRAIL_BLOCKED", "private network"));
  expect(other.asked).toEqual([]);
});

test("what lets in to one site is not told to another", async () => {
  const request = { url: `${site.url}/away`, headers: { "X-CSRF": "secret" }, cookies: { extra: "secret" } };
  expect((await send([{ request }])).outcome).toMatchObject(found("there"));
  expect(JSON.stringify(headers.at(-1))).not.toContain("secret");
});

test("headers kept of a login go to its origin, and to no other", async () => {
  const playbookSource = JSON.stringify({
    id: "sending",
    start_url: `${site.url}/page`,
    capture: { cookies: [{ name: "session", store_as: "session" }], static_headers: { "X-Session": "{session}" } },
    steps: [`${site.url}/json`, `${other.url}/there`].map((url) => ({
      action: "api_request",
      request: { url, response: { mode: "text" } },
    })),
  });
  await room.run(playbookSource, {});
  expect(headers.map((sent) => sent["x-session"])).toEqual(["from-page", undefined]);
});

test.each(["/large", "/endless", "/large-gzip"])("[weakness 34] an answer of more than 10 MiB is cut off: %s", async (path) => {
  const report = await send([{ request: { url: `${site.url}${path}` }, on_failure: "abort" }]);
  expect(report.outcome).toMatchObject(failed("ACTION_FAILED", "larger than 10 MiB"));
  if (path === "/endless") await cutOff.promise;
});

test("unpacks an answer that is compressed", async () => {
  const request = { url: `${site.url}/small-gzip`, response: { mode: "json_path", json_path: "a" } };
  expect((await send([{ request }])).outcome).toMatchObject(found("unpacked"));
});

test("[weakness 34] requests count towards the addresses a run may visit", async () => {
  const requests = [1, 2, 3].map((page) => ({ request: { url: `${site.url}/json`, query: { page } } }));
  const report = await send(requests, { guardrails: { allowPrivateNetworks: true, maxUrlsVisited: 3 } });
  expect(report.outcome).toMatchObject(failed("GUARDRAIL_BLOCKED", "3 addresses"));
  expect(site.asked).toEqual(["GET /page", "GET /json?page=1", "GET /json?page=2"]);
});

test.each(["llm_recover", "retry"])(
  "[weakness 34] with on_failure %s, what only reads is tried again, and nothing else",
  async (policy) => {
    const verify = { expect_text_on_page: "never", timeout_ms: 50 };
    expect((await send([{ request: { url: `${site.url}/broken` }, on_failure: policy }])).outcome).toMatchObject(
      failed("ACTION_FAILED", "503"),
    );
    expect((await send([{ request: { method: "POST", url: `${site.url}/broken` }, on_failure: policy }])).outcome).toMatchObject(
      failed("REQUEST_FAILED", "503"),
    );
    expect((await send([{ request: { method: "POST", url: `${site.url}/json` }, verify, on_failure: policy }])).outcome).toMatchObject(
      failed("VERIFICATION_FAILED", "never"),
    );
    expect(site.asked.filter((line) => line !== "GET /page")).toEqual(["GET /broken", "GET /broken", "POST /broken", "POST /json"]);
  },
);

test("gives up on an answer that does not come, and when the run is stopped", async () => {
  const late = { request: { url: `${site.url}/never`, timeout_ms: 200 }, on_failure: "abort" };
  expect((await send([late])).outcome).toMatchObject(failed("ACTION_TIMED_OUT", "not answered within 0.2 s"));
  const reached = Promise.withResolvers<void>();
  const report = new ReportInMemory(({ payload }) => {
    if (payload.$case === "actionStarted" && payload.value.action === "api_request") reached.resolve();
  });
  const playbookSource = JSON.stringify({
    id: "waiting",
    steps: [{ action: "api_request", request: { url: `${site.url}/never`, timeout_ms: 60_000 } }],
  });
  const work = await room.start(playbookSource, {}, report);
  await reached.promise;
  await work.stop(0);
  await work.done;
  expect(report.all("outcomePublished")).toEqual([]);
});
