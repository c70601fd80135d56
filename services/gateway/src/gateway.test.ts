import { mkdtemp, readdir, rm } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createLogger } from "@clew/process/logger";
import { RunService } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { ErrorInfoSchema } from "@clew/proto/connect/google/rpc/error_details_pb";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { describe, expect, test, vi } from "vitest";
import { readConfig } from "./config.ts";
import { startGateway } from "./gateway.ts";
import { readSse, readUntil } from "./testing/read-sse.ts";
import { startTestGateway } from "./testing/start-test-gateway.ts";

describe("a start", () => {
  test("at a taken address names the address and the setting", async () => {
    await using site = await startTestGateway();
    const port = Number(new URL(site.url).port);
    await expect(startTestGateway({ address: { kind: "tcp", host: "127.0.0.1", port } })).rejects.toThrow(
      `127.0.0.1:${port} is taken: stop what listens there, or set CLEW_GATEWAY_ADDRESS.`,
    );
  });

  test("elsewhere than on loopback needs API keys", async () => {
    const address = { kind: "tcp", host: "0.0.0.0", port: 0 } as const;
    await expect(startTestGateway({ address })).rejects.toThrow("CLEW_API_KEYS");
    await using site = await startTestGateway({ address, apiKeysConfigured: true });
    expect((await fetch(`${site.url.replace("0.0.0.0", "127.0.0.1")}/healthz`)).status).toBe(200);
  });

  test("on a Unix socket serves there, also after one that was killed, and removes it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "clew-gateway-"));
    try {
      const path = join(folder, "gateway.sock");
      await using _left = await startTestGateway({ address: { kind: "unix", path } });
      {
        await using site = await startTestGateway({ address: { kind: "unix", path } });
        expect(site.url).toBe(`unix:${path}`);
        const status = await new Promise((resolve, reject) => {
          request({ socketPath: path, path: "/healthz", headers: { host: "localhost" } }, ({ statusCode }) => resolve(statusCode))
            .on("error", reject)
            .end();
        });
        expect(status).toBe(200);
      }
      expect(await readdir(folder)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("a stop", () => {
  test("tells a reader in-band who comes in the midst of it: any status but 200 would keep an EventSource away for ever", async () => {
    await using site = await startTestGateway();
    const run = site.fake.addRun(1);
    const { port } = new URL(site.url);
    const late = connect(Number(port), "127.0.0.1");
    const answer = text(late);
    // A request that has begun keeps its connection open while the gateway stops.
    await new Promise<void>((resolve) => late.write(`GET /v1/runs/${run.id}/stream HTTP/1.1\r\n`, () => resolve()));
    const reader = readSse(await fetch(`${site.url}/v1/runs/${run.id}/stream`));
    await readUntil(reader, "message");
    const stopped = site.gateway[Symbol.asyncDispose]();
    await readUntil(reader, "reconnect");
    late.write(`host: 127.0.0.1:${port}\r\n\r\n`);
    expect(await answer).toMatch(/^HTTP\/1.1 200 .*event: reconnect/s);
    await stopped;
  });

  test("sends every reader away with reconnect and its own delay, and leaves nothing open", async () => {
    const site = await startTestGateway();
    const run = site.fake.addRun(1);
    const readers = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const events = readSse(await fetch(`${site.url}/v1/runs/${run.id}/stream`));
        await readUntil(events, "message");
        return events;
      }),
    );
    const started = performance.now();
    const stopped = site.gateway[Symbol.asyncDispose]();
    const delays = await Promise.all(
      readers.map(async (events) => {
        const [last] = (await readUntil(events, "reconnect")).slice(-1);
        expect(await events.next()).toMatchObject({ done: true });
        return JSON.parse(last?.data ?? "").afterMs;
      }),
    );
    await stopped;
    expect(performance.now() - started).toBeLessThan(2_500);
    expect(new Set(delays).size).toBeGreaterThan(1);
    await expect(fetch(`${site.url}/healthz`)).rejects.toThrow();
    await vi.waitFor(() => expect(site.fake.openStreams).toBe(0));
    await site.fake[Symbol.asyncDispose]();
  });

  test("ends a typed stream as one to be opened again", async () => {
    const site = await startTestGateway();
    const run = site.fake.addRun(1);
    const client = createClient(RunService, createConnectTransport({ baseUrl: site.url, httpVersion: "1.1" }));
    const frames = client.streamRunEvents({ runId: run.id })[Symbol.asyncIterator]();
    await frames.next();
    const stopped = site[Symbol.asyncDispose]();
    const error: unknown = await (async () => {
      for (;;) if ((await frames.next()).done) return "ended";
    })().catch((thrown: unknown) => thrown);
    await stopped;
    expect(error).toMatchObject({ code: Code.Unavailable });
    expect(error instanceof ConnectError && error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "SHUTTING_DOWN" }]);
  });

  test("asks every typed reader to come back, one after the other", async () => {
    const site = await startTestGateway();
    const run = site.fake.addRun(1);
    const client = createClient(RunService, createConnectTransport({ baseUrl: site.url, httpVersion: "1.1" }));
    const readers = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const frames = client.streamRunEvents({ runId: run.id })[Symbol.asyncIterator]();
        await frames.next();
        return frames;
      }),
    );
    const stopped = site[Symbol.asyncDispose]();
    const ends = await Promise.all(
      readers.map(async (frames) => {
        let last: string | undefined;
        await (async () => {
          for (let next = await frames.next(); !next.done; next = await frames.next()) last = next.value.frame.case;
        })().catch(() => {});
        return { last, at: performance.now() };
      }),
    );
    await stopped;
    expect(ends.map(({ last }) => last)).toEqual(readers.map(() => "reconnect"));
    const times = ends.map(({ at }) => at);
    // Spread by chance over 1.5 s: eight within 150 ms are one in ten million.
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(150);
  });

  test("does not wait for a reader that takes nothing", async () => {
    const site = await startTestGateway();
    const run = site.fake.addRun();
    for (let n = 0; n < 1_500; n += 1) run.append("x".repeat(16_000));
    const response = await new Promise<{ on(name: "error", listener: () => void): void; pause(): void }>((resolve) =>
      request(`${site.url}/v1/runs/${run.id}/stream`, resolve)
        .on("error", () => {})
        .end(),
    );
    response.on("error", () => {});
    response.pause();
    await vi.waitFor(() => expect(site.fake.eventsRead).toBeGreaterThan(50), { timeout: 10_000 });
    const started = performance.now();
    await site[Symbol.asyncDispose]();
    expect(performance.now() - started).toBeLessThan(6_000);
  });
});

test("logs hold no query and no key", async () => {
  const lines: string[] = [];
  const log = createLogger({ name: "gateway", level: "trace", destination: { write: (line: string) => void lines.push(line) } });
  await using site = await startTestGateway({}, { log });
  const run = site.fake.addRun(1);
  const headers = { authorization: "Bearer secret-key" };
  await (await fetch(`${site.url}/v1/runs/${run.id}?wait=0&x=secret-query`, { headers })).text();
  await (await fetch(`${site.url}/v1/runs/${run.id}/events?after=0`, { headers })).text();
  run.finish();
  await (await fetch(`${site.url}/v1/runs/${run.id}/stream?ticket=secret-ticket&types=runFinished`)).text();
  await (await fetch(`${site.url}/v1/streams?runs=${run.id}&ticket=secret-ticket`)).text();
  await (await fetch(`${site.url}/v1/runs/${run.id}?ticket=secret-ticket`)).text();
  expect(site.fake.calls.findLast(({ method }) => method === "getRun")?.headers.get("authorization")).toBe("Ticket secret-ticket");
  await site.fake.kill();
  await (await fetch(`${site.url}/v1/runs/${run.id}/events?after=secret-query`, { headers })).text();
  await vi.waitFor(() => expect(lines.length).toBeGreaterThanOrEqual(6));
  expect(lines.join("")).not.toMatch(/secret|after=|ticket=/);
});

test("an event that cannot be encoded is logged with its stack and counted, once for all its readers", async () => {
  const lines: string[] = [];
  const log = createLogger({ name: "gateway", level: "warn", destination: { write: (line: string) => void lines.push(line) } });
  await using site = await startTestGateway({}, { log });
  const run = site.fake.addRun(2);
  run.append("Odd.", "no token\r\n");
  const client = createClient(RunService, createConnectTransport({ baseUrl: site.url, httpVersion: "1.1" }));
  const typed = (async () => {
    for await (const _ of client.streamRunEvents({ runId: run.id }));
  })();
  const [first, second] = await Promise.all(
    Array.from({ length: 2 }, async () => readUntil(readSse(await fetch(`${site.url}/v1/runs/${run.id}/stream`)), "reconnect")),
  );
  expect([first?.at(-1)?.event, second?.at(-1)?.event]).toEqual(["reconnect", "reconnect"]);
  await expect(typed).rejects.toMatchObject({ code: Code.Internal });
  expect(lines.length).toBeGreaterThanOrEqual(1);
  expect(lines.length).toBeLessThanOrEqual(3);
  expect(lines[0]).toMatch(/RangeError.*encode-event/);
  expect(lines.join()).not.toContain("no token");
  expect(await (await fetch(`${site.url}/metrics`)).text()).toContain(`clew_gateway_unexpected_errors_total ${lines.length}`);
  const readersBefore = lines.length;
  const tail = site.fake.addRun(1);
  const following = await Promise.all(
    Array.from({ length: 2 }, async () => {
      const events = readSse(await fetch(`${site.url}/v1/runs/${tail.id}/stream`));
      await readUntil(events, "message");
      return events;
    }),
  );
  await vi.waitFor(() => expect(site.fake.openStreams).toBe(1));
  tail.append("x", "no token\r\n");
  await Promise.all(following.map((events) => readUntil(events, "reconnect")));
  expect(lines).toHaveLength(readersBefore + 1);
});

describe("settings", () => {
  test("have defaults that are local", () => {
    expect(readConfig({})).toMatchObject({
      address: { kind: "tcp", host: "127.0.0.1", port: 8080 },
      orchestrator: { kind: "tcp", host: "127.0.0.1", port: 9090 },
      allowedHosts: [],
      corsOrigins: [],
      apiKeysConfigured: false,
    });
  });

  test("let no stream grow older than a timer can tell", () => {
    const longest = readConfig({ CLEW_MAX_STREAM_AGE: "480h" }).streams?.maxAgeMs ?? Number.NaN;
    expect(1.2 * longest).toBeLessThan(2 ** 31);
  });

  test("are read from the environment", () => {
    const env = {
      CLEW_GATEWAY_ADDRESS: "0.0.0.0:80",
      CLEW_ORCHESTRATOR_ADDRESS: "unix:/run/clew.sock",
      CLEW_ALLOWED_HOSTS: "a.example.com, b:81",
      CLEW_CORS_ORIGINS: "https://app.example.com",
      CLEW_API_KEYS: "t:k",
      CLEW_SERVICE_KEY: "0123456789abcdef",
      CLEW_MAX_READERS: "7",
      CLEW_MAX_STREAM_AGE: "15m",
    };
    expect(readConfig(env)).toMatchObject({
      address: { host: "0.0.0.0", port: 80 },
      orchestrator: { kind: "unix", path: "/run/clew.sock" },
      allowedHosts: ["a.example.com", "b:81"],
      corsOrigins: ["https://app.example.com"],
      apiKeysConfigured: true,
      streams: { maxReaders: 7, maxAgeMs: 900_000 },
    });
  });

  test.each([
    [{ CLEW_CORS_ORIGINS: "*" }, "CLEW_CORS_ORIGINS"],
    [{ CLEW_CORS_ORIGINS: "https://app.example.com/" }, "CLEW_CORS_ORIGINS"],
    [{ CLEW_GATEWAY_ADDRESS: "8080" }, "CLEW_GATEWAY_ADDRESS"],
    [{ CLEW_TLS_CERT: "/does/not/exist" }, "CLEW_TLS_CERT"],
    [{ CLEW_API_KEYS: "t:k" }, "CLEW_SERVICE_KEY"],
    [{ CLEW_MAX_READERS: "0" }, "CLEW_MAX_READERS"],
    [{ CLEW_MAX_STREAM_AGE: "soon" }, "CLEW_MAX_STREAM_AGE"],
    [{ CLEW_MAX_STREAM_AGE: "481h" }, "CLEW_MAX_STREAM_AGE: must be at most 480h"],
  ])("that are wrong are named: %j", (env, name) => {
    expect(() => readConfig(env)).toThrow(name);
  });
});

test("starts without waiting for the orchestrator", async () => {
  await using gateway = await startGateway(
    {
      address: { kind: "tcp", host: "127.0.0.1", port: 0 },
      orchestrator: { kind: "tcp", host: "127.0.0.1", port: 1 },
      allowedHosts: [],
      corsOrigins: [],
      apiKeysConfigured: false,
    },
    { log: createLogger({ name: "gateway", level: "silent" }) },
  );
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
});
