import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { sampleEvents, sampleRun, sampleRunId, tokenAfter } from "../../../test/support/sample-run.ts";
import { answer, cut, refuse, sse, sseFrame, startStubGateway, stream } from "../../../test/support/stub-gateway.ts";
import { type ClewOptions, createClew } from "./clew.ts";

const events = sampleEvents(8);
const streamPath = `GET /v1/runs/${sampleRunId}/stream`;

function client(url: string, options: ClewOptions = {}) {
  return createClew({ url, patienceMs: 3_000, ...options });
}

async function sequences(source: AsyncIterable<{ readonly sequence: number }>): Promise<number[]> {
  const all: number[] = [];
  for await (const event of source) all.push(event.sequence);
  return all;
}

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe("creating a run", () => {
  it("answers the run's JSON with the methods of a handle", async () => {
    await using gateway = await startStubGateway({ events });
    const run = await client(gateway.url).createRun({ playbook: "hello", params: { order_id: "12345" } });
    expect(run.id).toBe(sampleRunId);
    expect(run.state).toBe("COMPLETED");
    expect(JSON.parse(JSON.stringify(run))).toMatchObject({ id: sampleRunId, spec: { playbook: "hello", params: { order_id: "12345" } } });
    expect(await sequences(run.events())).toEqual(upTo(8));
  });

  it("sends the same request id again when the first answer was lost, so that one run is started", async () => {
    await using gateway = await startStubGateway({ events });
    gateway.script("POST /v1/runs", cut, refuse(503, "UNAVAILABLE", "ORCHESTRATOR_UNAVAILABLE"));
    await client(gateway.url).createRun({ playbook: "hello" });
    const keys = gateway.seen.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("waits as long as Retry-After says", async () => {
    await using gateway = await startStubGateway({ events });
    gateway.script("POST /v1/runs", refuse(429, "RESOURCE_EXHAUSTED", "QUEUE_FULL", { "retry-after": "1" }));
    const began = performance.now();
    await client(gateway.url).createRun({ playbook: "hello" });
    expect(performance.now() - began).toBeGreaterThan(990);
  });

  it("does not try a wrong request again, and names its fields", async () => {
    await using gateway = await startStubGateway();
    const violations = [{ field: "timeoutSeconds", rule: "range", message: "From 5 to 3600." }];
    gateway.script("POST /v1/runs", refuse(400, "INVALID_ARGUMENT", "INVALID_REQUEST", {}, { violations }));
    await expect(client(gateway.url).createRun({ playbook: "hello", timeoutSeconds: -1 })).rejects.toMatchObject({
      name: "Fault",
      reason: "INVALID_REQUEST",
      violations,
    });
    expect(gateway.seen).toHaveLength(1);
  });

  it("says how to get a gateway where none answers", async () => {
    const url = await freeUrl();
    await expect(client(url, { patienceMs: 100 }).createRun({ playbook: "hello" })).rejects.toMatchObject({
      reason: "GATEWAY_UNREACHABLE",
      message: expect.stringContaining(`No gateway answers at ${url}. Is \`npm start\` running?`),
    });
  });

  it("keeps a reason it does not know readable", async () => {
    await using gateway = await startStubGateway();
    gateway.script("POST /v1/runs", refuse(404, "NOT_FOUND", "PLANET_NOT_FOUND"));
    await expect(client(gateway.url).createRun({})).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "It is PLANET_NOT_FOUND.",
      details: { reason: "PLANET_NOT_FOUND" },
    });
  });
});

describe("events over server-sent events", () => {
  it("follows a run that is still going on", async () => {
    await using gateway = await startStubGateway({ events: events.slice(0, 3) });
    const seen: number[] = [];
    for await (const event of client(gateway.url).run(sampleRunId).events()) {
      seen.push(event.sequence);
      if (event.sequence === 3) gateway.publish(...events.slice(3, 6));
      if (event.sequence === 6) gateway.publish(...events.slice(6));
    }
    expect(seen).toEqual(upTo(8));
  });

  it("resumes after a token, a number, and its own last event", async () => {
    await using gateway = await startStubGateway({ events });
    const run = client(gateway.url).run(sampleRunId);
    expect(await sequences(run.events({ after: tokenAfter(5) }))).toEqual([6, 7, 8]);
    expect(await sequences(run.events({ after: 7 }))).toEqual([8]);
    expect(await sequences(run.events({ after: tokenAfter(8) }))).toEqual([]);
  });

  it("loses and repeats nothing over cuts, repetitions, gaps, a clean close, a hand-over and a garbled event", async () => {
    await using gateway = await startStubGateway({ events });
    const event = (sequence: number) => sse(events[sequence - 1]!);
    gateway.script(
      streamPath,
      stream(event(1) + event(2).slice(0, 30)),
      stream(event(2) + event(2) + event(1) + event(3)),
      stream(event(4) + event(6), "leave open"),
      stream(event(5), "close"),
      stream(sseFrame("reconnect", { afterMs: 10 }), "leave open"),
      stream(`id: x\ndata: {"sequence":\n\n`, "leave open"),
      stream(sseFrame("busy", { afterMs: 10 }), "close"),
      refuse(503, "UNAVAILABLE", "SHUTTING_DOWN"),
    );
    expect(await sequences(client(gateway.url).run(sampleRunId).events())).toEqual(upTo(8));
    const asked = gateway.seen.map(({ headers }) => headers["last-event-id"]);
    expect(asked).toEqual([undefined, ...[1, 3, 4, 5, 5, 5, 5, 5].map(tokenAfter)]);
  });

  it("understands an event that comes byte by byte, with carriage returns and characters of several bytes", async () => {
    await using gateway = await startStubGateway({ events });
    const first = { ...events[0]!, summary: "Bestellung für 12 € — 🧶" };
    gateway.script(streamPath, async (response) => {
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      for (const byte of Buffer.from(sse(first).replaceAll("\n", "\r\n"))) {
        response.write(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.destroy();
    });
    const iterator = client(gateway.url).run(sampleRunId).events();
    expect((await iterator.next()).value).toEqual(first);
    await iterator.return?.();
  });

  it("yields events of a type it does not know", async () => {
    await using gateway = await startStubGateway({ events });
    gateway.script(streamPath, stream(sse(events[0]!) + sse({ ...events[1]!, type: "moonRisen" } as never) + sseFrame("weather", {})));
    const types: string[] = [];
    for await (const event of client(gateway.url).run(sampleRunId).events()) types.push(event.type);
    expect(types[1]).toBe("moonRisen");
    expect(types).toHaveLength(8);
  });

  it("surfaces a lost history with its earliest token, or goes on from there where it was asked to", async () => {
    await using gateway = await startStubGateway({ events });
    const reset = () =>
      stream(
        sseFrame("reset", { reason: "EPOCH_CHANGED", earliest: tokenAfter(6) }, tokenAfter(6)) +
          events.slice(6).map(sse).join("") +
          sseFrame("end", { lastSequence: 8 }),
        "close",
      );
    gateway.script(streamPath, reset(), reset());
    const run = client(gateway.url).run(sampleRunId);
    await expect(sequences(run.events({ after: "c1.old" }))).rejects.toMatchObject({
      name: "Fault",
      reason: "EPOCH_CHANGED",
      details: { earliest: tokenAfter(6) },
    });
    expect(await sequences(run.events({ after: "c1.old", onReset: "continue" }))).toEqual([7, 8]);
  });

  it("throws what the gateway says of a run it does not have, and of a page that is no stream", async () => {
    await using gateway = await startStubGateway();
    gateway.script(streamPath, refuse(404, "NOT_FOUND", "RUN_NOT_FOUND"));
    await expect(sequences(client(gateway.url).run(sampleRunId).events())).rejects.toMatchObject({ reason: "RUN_NOT_FOUND" });
    gateway.script(streamPath, answer(200, { hello: "I am a proxy" }), answer(200, {}), answer(200, {}));
    await expect(sequences(client(gateway.url, { patienceMs: 10 }).run(sampleRunId).events())).rejects.toMatchObject({
      reason: "GATEWAY_UNREACHABLE",
    });
  });

  it("asks for a new ticket when one has expired, and says so where it has no other", async () => {
    await using gateway = await startStubGateway({ events });
    const expired = stream(sse(events[0]!) + sseFrame("ticketExpired", {}), "close");
    gateway.script(streamPath, expired);
    let count = 0;
    const renewing = client(gateway.url, { ticket: () => `t1.${++count}` });
    expect(await sequences(renewing.run(sampleRunId).events())).toEqual(upTo(8));
    expect(gateway.seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer t1.1", "Bearer t1.2"]);
    gateway.script(streamPath, expired);
    await expect(sequences(client(gateway.url, { ticket: "t1.old" }).run(sampleRunId).events())).rejects.toMatchObject({
      reason: "TICKET_EXPIRED",
    });
  });

  it("closes the connection when the loop is left, and when return is called while it waits", async () => {
    await using gateway = await startStubGateway();
    let closed = 0;
    const watched = stream(sse(events[0]!), "leave open");
    const noticing: typeof watched = (response, request) => {
      response.on("close", () => closed++);
      return watched(response, request);
    };
    gateway.script(streamPath, noticing, noticing);
    const run = client(gateway.url).run(sampleRunId);
    for await (const _ of run.events()) break;
    const iterator = run.events();
    await iterator.next();
    const waiting = iterator.next();
    await iterator.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await expect.poll(() => closed).toBe(2);
    expect(gateway.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([streamPath, streamPath]);
  });

  it("ends a stream at its deadline and by its signal, with a Fault", async () => {
    await using gateway = await startStubGateway({ events: events.slice(0, 2) });
    const run = client(gateway.url).run(sampleRunId);
    await expect(sequences(run.events({ timeoutMs: 50 }))).rejects.toMatchObject({ reason: "DEADLINE_EXCEEDED" });
    await expect(sequences(run.events({ signal: AbortSignal.timeout(50) }))).rejects.toMatchObject({ reason: "DEADLINE_EXCEEDED" });
    await expect(sequences(run.events({ signal: AbortSignal.abort() }))).rejects.toMatchObject({ reason: "CANCELLED" });
  });

  it("is not ended at once by a deadline further away than a timer reaches", async () => {
    await using gateway = await startStubGateway({ events });
    expect(
      await sequences(
        client(gateway.url)
          .run(sampleRunId)
          .events({ timeoutMs: 2 ** 31 }),
      ),
    ).toEqual(upTo(8));
  });
});

describe("poll mode", () => {
  it("yields one event, the real runFinished, and holds no stream open", async () => {
    await using gateway = await startStubGateway({ events: events.slice(0, 4) });
    const run = client(gateway.url, { streaming: "poll" }).run(sampleRunId);
    const collected = (async () => {
      const all = [];
      for await (const event of run.events()) all.push(event);
      return all;
    })();
    gateway.script(`GET /v1/runs/${sampleRunId}`, cut);
    await expect.poll(() => gateway.seen.length).toBeGreaterThan(1);
    gateway.publish(...events.slice(4));
    expect(await collected).toEqual([events[7]]);
    expect(gateway.seen.some(({ path }) => path.endsWith("/stream"))).toBe(false);
    expect(gateway.seen[0]?.query.get("wait")).toBe("30s");
  });

  it("[weakness 46, 47] is taken up by another process that knows the run's id", async () => {
    await using gateway = await startStubGateway({ events: events.slice(0, 4) });
    const { id } = await client(gateway.url, { streaming: "poll" }).createRun({ playbook: "hello" }, { requestId: "request-1" });
    const first = new AbortController();
    const left = sequences(client(gateway.url, { streaming: "poll" }).run(id).events({ signal: first.signal }));
    await expect.poll(() => gateway.seen.length).toBe(2);
    first.abort();
    await expect(left).rejects.toMatchObject({ reason: "CANCELLED" });
    gateway.publish(...events.slice(4));
    const next = client(gateway.url, { streaming: "poll" });
    const again = await next.createRun({ playbook: "hello" }, { requestId: "request-1" });
    expect(await sequences(again.events())).toEqual([8]);
    expect(await sequences(next.run(id).events({ after: tokenAfter(8) }))).toEqual([]);
  });

  it("[weakness 45] has a deadline and a cancel", async () => {
    await using gateway = await startStubGateway({ events: events.slice(0, 4) });
    const run = client(gateway.url, { streaming: "poll" }).run(sampleRunId);
    await expect(sequences(run.events({ timeoutMs: 50 }))).rejects.toMatchObject({ reason: "DEADLINE_EXCEEDED" });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    await expect(sequences(run.events({ signal: controller.signal }))).rejects.toMatchObject({ reason: "CANCELLED" });
  });
});

describe("the other calls", () => {
  it("never throws for a run that ended, however it ended", async () => {
    await using gateway = await startStubGateway({ events: sampleEvents(5, "FAILED") });
    const { state, outcome, run } = await client(gateway.url).run(sampleRunId).result();
    expect(state).toBe("FAILED");
    expect(outcome.summary).toBe("The order could not be cancelled.");
    expect(run.lastSequence).toBe(5);
  });

  it("waits for a result over a gateway that goes away, until its own deadline", async () => {
    await using gateway = await startStubGateway({ events: events.slice(0, 2) });
    gateway.script(`GET /v1/runs/${sampleRunId}`, cut, refuse(503, "UNAVAILABLE", "ORCHESTRATOR_UNAVAILABLE"));
    const run = client(gateway.url).run(sampleRunId);
    const result = run.result();
    await expect.poll(() => gateway.seen.length, { timeout: 5_000 }).toBe(3);
    gateway.publish(...events.slice(2));
    expect((await result).state).toBe("COMPLETED");
    gateway.script(`GET /v1/runs/${sampleRunId}`, () => {});
    await expect(run.result({ timeoutMs: 40 })).rejects.toMatchObject({ reason: "DEADLINE_EXCEEDED" });
  });

  it("lists page after page, with filters as the REST door names them", async () => {
    await using gateway = await startStubGateway({ events });
    const ids: string[] = [];
    const filters = {
      state: ["FAILED", "TIMED_OUT"],
      labels: { team: "shop", env: "test" },
      createdAfter: new Date(0),
      pageSize: 1,
    } as const;
    for await (const run of client(gateway.url).listRuns(filters)) ids.push(run.id);
    expect(ids).toEqual([sampleRunId, sampleRunId]);
    expect(gateway.seen.map(({ query }) => query.toString())).toEqual([
      "state=FAILED&state=TIMED_OUT&label=team%3Ashop&label=env%3Atest&createdAfter=1970-01-01T00%3A00%3A00.000Z&pageSize=1",
      "state=FAILED&state=TIMED_OUT&label=team%3Ashop&label=env%3Atest&createdAfter=1970-01-01T00%3A00%3A00.000Z&pageSize=1&pageToken=2",
    ]);
  });

  it("says each call as the REST door has it", async () => {
    await using gateway = await startStubGateway({ events, artifacts: { "trace.zip": "PK" }, key: "secret" });
    const clew = client(gateway.url, { key: "secret" });
    const run = clew.run(sampleRunId);
    await run.stop({ reason: "enough", graceSeconds: 0 });
    await run.answer({ inputId: "i1", decision: "approve" });
    expect((await run.artifacts()).map(({ name }) => name)).toEqual(["trace.zip"]);
    expect(await (await run.artifact("trace.zip")).text()).toBe("PK");
    await expect(run.artifact("../secrets")).rejects.toMatchObject({ reason: "ARTIFACT_NOT_FOUND" });
    expect((await clew.dryRun({ playbook: "hello" })).valid).toBe(true);
    expect((await clew.playbooks())[0]?.id).toBe("hello");
    expect((await clew.validatePlaybook("a: b")).valid).toBe(true);
    expect((await clew.createTicket({ runs: [sampleRunId] })).ticket).toBe("t1.ticket");
    expect((await clew.uploadFile("a b.csv", "1,2")).fileId).toBe("file-1");
    expect((await clew.getRun(sampleRunId, { wait: 5 })).id).toBe(sampleRunId);
    await clew.deleteRun(sampleRunId);
    expect(gateway.seen.map(({ method, path, query, body }) => `${method} ${path}?${query} ${body}`)).toEqual([
      `POST /v1/runs/${sampleRunId}/stop? {"reason":"enough","graceSeconds":0}`,
      `POST /v1/runs/${sampleRunId}/inputs? {"inputId":"i1","decision":"approve"}`,
      `GET /v1/runs/${sampleRunId}/artifacts? `,
      `GET /v1/runs/${sampleRunId}/artifacts/trace.zip? `,
      `GET /v1/runs/${sampleRunId}/artifacts/..%2Fsecrets? `,
      `POST /v1/runs/dry-run? {"playbook":"hello"}`,
      `GET /v1/playbooks? `,
      `POST /v1/playbooks/validate? {"source":"a: b"}`,
      `POST /v1/tickets? {"runs":["${sampleRunId}"]}`,
      `POST /v1/files?name=a+b.csv 1,2`,
      `GET /v1/runs/${sampleRunId}?wait=5s `,
      `DELETE /v1/runs/${sampleRunId}? `,
    ]);
    expect(gateway.seen.every(({ headers }) => headers.authorization === "Bearer secret")).toBe(true);
    await expect(client(gateway.url, { key: "wrong" }).playbooks()).rejects.toMatchObject({ reason: "KEY_INVALID" });
  });

  it("takes the address and the key from the environment unless they are given", async () => {
    await using gateway = await startStubGateway({ key: "secret" });
    const before = { ...process.env };
    Object.assign(process.env, { CLEW_URL: `${gateway.url}/`, CLEW_API_KEY: "secret" });
    try {
      const clew = createClew();
      expect(clew.url).toBe(gateway.url);
      expect(await clew.playbooks()).toHaveLength(1);
    } finally {
      process.env = before;
    }
    expect(createClew().url).toBe("http://127.0.0.1:8080");
  });

  it("gives a run as it stands, without waiting", async () => {
    await using gateway = await startStubGateway({ events: events.slice(0, 2) });
    expect(await client(gateway.url).run(sampleRunId).get()).toEqual(sampleRun({ lastSequence: 2, resumeToken: tokenAfter(2) }));
  });
});

async function freeUrl(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}
