import { createServer, request, type Server } from "node:http";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../testing/start-test-gateway.ts";

let site: TestGateway;
let friend: Server;
let friendOrigin: string;

beforeAll(async () => {
  // A site of another origin: the friend's is configured, the same server under another name is a stranger's.
  friend = createServer((_request, response) =>
    response.setHeader("content-type", "text/html").end("<!doctype html><title>elsewhere</title>"),
  );
  await new Promise<void>((resolve) => friend.listen(0, "127.0.0.1", resolve));
  const address = friend.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  friendOrigin = `http://127.0.0.1:${port}`;
  site = await startTestGateway({ corsOrigins: [friendOrigin], allowedHosts: [] });
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  friend.closeAllConnections();
  await new Promise((resolve) => friend.close(resolve));
});

/** Sends what fetch would not let us: any Host. */
function send(
  path: string,
  headers: Record<string, string>,
  method = "GET",
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(`${site.url}${path}`, { method, headers }, async (response) => {
      let body = "";
      for await (const bytes of response) body += bytes;
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
    });
    call.on("error", reject).end();
  });
}

describe("Host", () => {
  test.each(["/v1/runs", "/", "/metrics", "/nowhere", "/v1/runs/run-0/stream"])("of a rebound name is refused at %s", async (path) => {
    const { status, headers, body } = await send(path, { host: `evil.example.com:${new URL(site.url).port}` });
    expect(status).toBe(403);
    expect(JSON.parse(body)).toMatchObject({ error: { code: "PERMISSION_DENIED", reason: "HOST_NOT_ALLOWED" } });
    expect(headers["x-request-id"]).toBeTruthy();
  });
});

describe("Origin", () => {
  test("of nobody we know is refused before anything is done", async () => {
    const calls = site.fake.calls.length;
    const { status, body, headers } = await send("/v1/runs", { origin: "https://evil.example.com" }, "POST");
    expect([status, JSON.parse(body).error.reason]).toEqual([403, "ORIGIN_NOT_ALLOWED"]);
    expect(headers["access-control-allow-origin"]).toBeUndefined();
    expect(site.fake.calls).toHaveLength(calls);
  });

  test("of nobody we know gets no preflight", async () => {
    const { status, headers } = await send(
      "/v1/runs",
      { origin: "https://evil.example.com", "access-control-request-method": "POST" },
      "OPTIONS",
    );
    expect([status, headers["access-control-allow-origin"]]).toEqual([403, undefined]);
  });

  test("that is configured gets a preflight, and may read the answer", async () => {
    const preflight = await send("/v1/runs", { origin: friendOrigin, "access-control-request-method": "POST" }, "OPTIONS");
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      "access-control-allow-origin": friendOrigin,
      "access-control-allow-headers": expect.stringContaining("last-event-id"),
      vary: "Origin",
    });
    const answer = await send("/v1/runs", { origin: friendOrigin });
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": friendOrigin,
      "access-control-expose-headers": expect.stringContaining("x-request-id"),
    });
  });

  test("of our own page may call, without more", async () => {
    const { status, headers } = await send("/v1/runs", { origin: site.url });
    expect([status, headers["access-control-allow-origin"]]).toEqual([200, undefined]);
  });
});

describe("in Chromium", () => {
  let browser: Browser;
  const rebound = "rebound.example.com";
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: process.env["CLEW_CHROMIUM"] ?? "chromium",
      args: [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--disable-quic",
        `--host-resolver-rules=MAP *.example.com 127.0.0.1`,
      ],
    });
  });
  afterAll(() => browser.close());

  async function pageAt(url: string): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(url);
    return page;
  }

  /** Reads the first event in the page, as a native EventSource sees it. */
  const firstMessage = (page: Page, url: string) =>
    page.evaluate(
      (address) =>
        new Promise((resolve) => {
          const source = new EventSource(address);
          const settle = (value: unknown) => {
            source.close();
            resolve(value);
          };
          source.onmessage = ({ data, lastEventId }) => settle({ sequence: JSON.parse(data).sequence, lastEventId });
          source.onerror = () => settle("refused");
        }),
      url,
    );

  test("a stranger's form starts nothing", async () => {
    const stranger = await pageAt(friendOrigin.replace("127.0.0.1", "stranger.example.com"));
    const calls = site.fake.calls.length;
    const [response] = await Promise.all([
      stranger.waitForResponse((answer) => answer.url().startsWith(site.url)),
      stranger.evaluate((action) => {
        document.body.innerHTML = `<form method="post" enctype="text/plain" action="${action}"><input name='{"playbook":"hello","a":"' value='"}'></form>`;
        document.querySelector("form")?.submit();
      }, `${site.url}/v1/runs`),
    ]);
    expect(response.status()).toBe(403);
    expect(site.fake.calls).toHaveLength(calls);
  });

  test("a stranger's fetch and EventSource are refused", async () => {
    const run = site.fake.addRun(1);
    const stranger = await pageAt(friendOrigin.replace("127.0.0.1", "stranger.example.com"));
    const calls = site.fake.calls.length;
    const fetched = await stranger.evaluate(
      (url) =>
        fetch(url, { method: "POST", body: "{}" }).then(
          ({ status }) => status,
          () => "refused",
        ),
      `${site.url}/v1/runs`,
    );
    expect(fetched).toBe("refused");
    expect(await firstMessage(stranger, `${site.url}/v1/runs/${run.id}/stream`)).toBe("refused");
    expect(site.fake.calls).toHaveLength(calls);
  });

  test("a rebound name is refused", async () => {
    const page = await browser.newPage();
    const response = await page.goto(`http://${rebound}:${new URL(site.url).port}/v1/runs`);
    expect(response?.status()).toBe(403);
  });

  test("a configured page and our own may read a stream", async () => {
    const run = site.fake.addRun(1);
    const expected = { sequence: 1, lastEventId: run.token(1) };
    expect(await firstMessage(await pageAt(friendOrigin), `${site.url}/v1/runs/${run.id}/stream`)).toEqual(expected);
    // A page of ours without a policy that keeps it from connecting.
    expect(await firstMessage(await pageAt(`${site.url}/healthz`), `/v1/runs/${run.id}/stream`)).toEqual(expected);
  });

  test("an EventSource comes back by itself with its last event, and stays away after the end", async () => {
    const run = site.fake.addRun(1);
    const page = await pageAt(`${site.url}/healthz`);
    const statuses: number[] = [];
    page.on("response", (response) => statuses.push(response.status()));
    const sequences = page.evaluate(
      (url) =>
        new Promise<number[]>((resolve) => {
          const seen: number[] = [];
          const source = new EventSource(url);
          source.onmessage = ({ data }) => seen.push(JSON.parse(data).sequence);
          source.onerror = () => {
            if (source.readyState === EventSource.CLOSED) resolve(seen);
          };
        }),
      `/v1/runs/${run.id}/stream`,
    );
    run.append("More.");
    run.finish();
    expect(await sequences).toEqual([1, 2, 3]);
    expect(statuses).toEqual([200, 204]);
  });
});
