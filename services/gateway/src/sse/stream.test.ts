import { connect, type Socket } from "node:net";
import { toJsonString } from "@bufbuild/protobuf";
import { Fault } from "@clew/fault/fault";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { delay } from "@clew/streams/delay";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { jsonOptions } from "../hub/json-options.ts";
import { readSse, readUntil } from "../testing/read-sse.ts";
import { startTestGateway, type TestGateway } from "../testing/start-test-gateway.ts";

let site: TestGateway;
beforeAll(async () => {
  site = await startTestGateway({}, { hub: { beatMs: 300, openMs: 300, reopenMs: 3_000, silenceMs: 2_000 } });
});
afterAll(() => site[Symbol.asyncDispose]());

async function open(runId: string, query = "", headers: Record<string, string> = {}) {
  const response = await fetch(`${site.url}/v1/runs/${runId}/stream${query}`, { headers });
  return { response, events: readSse(response) };
}

const names = (events: readonly { event?: string | undefined }[]) => events.map(({ event = "message" }) => event);
const sequences = (events: readonly { event?: string | undefined; data: string }[]): number[] =>
  events.filter(({ event }) => event === undefined).map(({ data }) => JSON.parse(data).sequence);
async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${site.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
}

describe("a stream", () => {
  test("says when to come back, hello, every event, and the end, each with its position", async () => {
    const run = site.fake.addRun(2);
    run.finish();
    const response = await fetch(`${site.url}/v1/runs/${run.id}/stream`);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    });
    expect(response.headers.get("x-request-id")).toBeTruthy();
    expect(response.headers.get("content-encoding")).toBeNull();
    const text = await response.text();
    const retryMs = Number(/^retry: (\d+)\n\n/.exec(text)?.[1]);
    expect(retryMs).toBeGreaterThanOrEqual(1_500);
    expect(retryMs).toBeLessThanOrEqual(4_500);
    const blocks = text
      .split("\n\n")
      .slice(1, -1)
      .filter((block) => !block.includes("event: checkpoint"));
    expect(blocks[0]).toBe(
      `id: ${run.token(0)}\nevent: hello\ndata: ${JSON.stringify({ runId: run.id, tail: 3, heartbeatMs: 15_000, sequence: 0 })}`,
    );
    expect(blocks.slice(1, 4)).toEqual(
      run.events.map((event) => `id: ${event.resumeToken}\ndata: ${toJsonString(RunEventSchema, event, jsonOptions)}`),
    );
    expect(blocks[4]).toMatch(new RegExp(`^id: ${run.token(3)}\nevent: end\ndata: \\{"run":\\{"id":"${run.id}".*"lastSequence":3\\}$`));
    expect(blocks).toHaveLength(5);
  });

  test("goes on from the token it is given, the header before the query", async () => {
    const run = site.fake.addRun(5);
    run.finish();
    for (const [query, headers, first] of [
      [`?after=${run.token(2)}`, {}, 3],
      ["?after=4", {}, 5],
      [`?after=${run.token(1)}`, { "last-event-id": run.token(3) }, 4],
    ] as const) {
      const { events } = await open(run.id, query, headers);
      expect(sequences(await readUntil(events, "end"))[0]).toBe(first);
    }
  });

  test("from now on carries only what comes", async () => {
    const run = site.fake.addRun(5);
    const { events } = await open(run.id, "?after=now");
    await readUntil(events, "hello");
    run.finish();
    expect(sequences(await readUntil(events, "end"))).toEqual([6]);
  });

  test("carries only the types asked for, and still ends", async () => {
    const run = site.fake.addRun(5);
    run.finish();
    const { events } = await open(run.id, "?types=runFinished,stepStarted");
    expect(sequences(await readUntil(events, "end"))).toEqual([6]);
  });

  test("carries only the types its ticket allows, also of those asked for, and hides the outcome", async () => {
    const run = site.fake.addRun(3);
    run.finish();
    for (const [allowed, query, expected] of [
      ["pageChanged", "", [1, 2, 3]],
      ["runFinished", "", [4]],
      ["pageChanged", "&types=runFinished,stepStarted", []],
    ] as const) {
      site.fake.ticketTypes = allowed;
      const { events } = await open(run.id, `?ticket=t${query}`);
      const said = await readUntil(events, "end");
      expect(sequences(said)).toEqual(expected);
      expect(JSON.parse(said.at(-1)?.data ?? "").run.spec?.work).toBe(undefined);
    }
    site.fake.ticketTypes = undefined;
  });

  test("tells a reader of some types where it stands, past the events it does not get", async () => {
    const run = site.fake.addRun(3);
    const { events } = await open(run.id, "?types=runFinished");
    expect((await readUntil(events, "checkpoint")).at(-1)?.id).toBe(run.token(3));
    run.append();
    await vi.waitFor(async () => expect((await readUntil(events, "checkpoint")).at(-1)?.id).toBe(run.token(4)));
    await events.return();
  });

  test("of a run that is over is 204 for whoever has its last event", async () => {
    const run = site.fake.addRun(2);
    const live = await open(run.id, `?after=${run.token(2)}`);
    expect(live.response.status).toBe(200);
    await live.response.body?.cancel().catch(() => {});
    run.finish();
    expect((await open(run.id, "", { "last-event-id": run.token(3) })).response.status).toBe(204);
    expect((await open(run.id, "?after=3")).response.status).toBe(204);
    const behind = await open(run.id, "?after=2");
    expect(names(await readUntil(behind.events, "end"))).toEqual(["hello", "message", "end"]);
  });

  test("[weakness 7] checks the position while idle, and is never silent", async () => {
    const run = site.fake.addRun(1);
    const { events } = await open(run.id);
    const idle = await readUntil(events, "checkpoint");
    expect(idle.at(-1)).toEqual({ id: run.token(1), event: "checkpoint", data: "{}" });
    await events.return();
  });
});

describe("before the first byte errors are plain HTTP", () => {
  test.each<[string, () => Promise<{ response: Response }>, object]>([
    ["a missing run", () => open("run-0"), { status: 404, reason: "RUN_NOT_FOUND" }],
    [
      "a malformed token",
      () => open(site.fake.addRun(1).id, "?after=nonsense"),
      { status: 400, reason: "TOKEN_MALFORMED", details: { violations: [expect.objectContaining({ field: "after" })] } },
    ],
    [
      "a misspelt type",
      () => open(site.fake.addRun(1).id, "?types=pageChnaged"),
      { status: 400, reason: "INVALID_REQUEST", details: { violations: [expect.objectContaining({ field: "types" })] } },
    ],
    [
      "a wrong key",
      () => {
        site.fake.failNext("readEvents", new Fault("KEY_INVALID"));
        return open(site.fake.addRun(1).id);
      },
      { status: 401, reason: "KEY_INVALID" },
    ],
  ])("%s", async (_what, call, { status, ...error }: { status?: number }) => {
    const { response } = await call();
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error });
  });
});

describe("what a native EventSource could not bear is said in-band", () => {
  test("a lost position resets the reader and goes on from the earliest, on the same connection", async () => {
    const run = site.fake.addRun(3);
    run.finish();
    const { response, events } = await open(run.id, "?after=99");
    expect(response.status).toBe(200);
    const said = await readUntil(events, "end");
    expect(said[0]).toEqual({ id: run.token(0), event: "reset", data: JSON.stringify({ reason: "FUTURE", earliest: run.token(0) }) });
    expect(sequences(said)).toEqual([1, 2, 3, 4]);
  });

  test("an overload says busy with a longer retry, and closes", async () => {
    site.fake.failNext("readEvents", new Fault("READERS_FULL", { retryAfterMs: 7_000 }));
    const { response } = await open(site.fake.addRun(1).id);
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/\n\nretry: 7000\nevent: busy\ndata: \{"afterMs":7000\}\n\n$/);
  });

  test.each(["INTERNAL", "JOURNAL_DAMAGED", "VOLUME_FAILED", "EPOCH_CHANGED"] as const)(
    "%s of the orchestrator says busy: it may pass",
    async (reason) => {
      const run = site.fake.addRun(1);
      run.fault = new Fault(reason);
      const { response } = await open(run.id);
      expect(response.status).toBe(200);
      expect(await response.text()).toMatch(/\n\nretry: (\d+)\nevent: busy\ndata: \{"afterMs":\1\}\n\n$/);
    },
  );

  test("one stream too many says busy, and there is room again when a reader leaves", async () => {
    await using other = await startTestGateway({ streams: { maxReaders: 2 } });
    const run = other.fake.addRun(1);
    const url = `${other.url}/v1/runs/${run.id}/stream`;
    const readers = [new AbortController(), new AbortController()];
    const [first] = await Promise.all(readers.map(({ signal }) => fetch(url, { signal })));
    expect(first?.status).toBe(200);
    const refused = await fetch(url);
    expect(refused.status).toBe(200);
    expect(await refused.text()).toMatch(/^retry: \d+\n\nretry: (\d+)\nevent: busy\ndata: \{"afterMs":\1\}\n\n$/);
    expect(await (await fetch(`${other.url}/metrics`)).text()).toMatch(
      /open_streams\{door="sse"\} 2[\s\S]*farewells_total\{kind="busy"\} 1/,
    );
    readers[0]?.abort();
    await vi.waitFor(async () => {
      const response = await fetch(url);
      expect((await response.body?.getReader().read())?.done).toBe(false);
      expect(await (await fetch(`${other.url}/metrics`)).text()).toContain('open_streams{door="sse"} 2');
      await response.body?.cancel().catch(() => {});
    });
    readers[1]?.abort();
  });

  test("a stream that has reached its age sends its reader away with reconnect, and it goes on where it was", async () => {
    await using other = await startTestGateway({ streams: { maxAgeMs: 2_000 } });
    const run = other.fake.addRun(2);
    const url = `${other.url}/v1/runs/${run.id}/stream`;
    const said = await readUntil(readSse(await fetch(url)), "reconnect");
    expect(said.at(-1)).toMatchObject({ id: undefined, data: expect.stringMatching(/^\{"afterMs":\d+\}$/) });
    run.finish();
    const again = await readUntil(readSse(await fetch(url, { headers: { "last-event-id": said.at(-2)?.id ?? "" } })), "end");
    expect(sequences([...said, ...again])).toEqual([1, 2, 3]);
  });

  test("an expired ticket says so with a long retry; a forged one is 401", async () => {
    const run = site.fake.addRun(1);
    site.fake.failNext("readEvents", new Fault("TICKET_EXPIRED"));
    const expired = await open(run.id, "?ticket=t.old");
    expect(expired.response.status).toBe(200);
    expect(await expired.response.text()).toMatch(/\n\nretry: 3600000\nevent: ticketExpired\ndata: \{\}\n\n$/);
    expect(site.fake.calls.findLast(({ method }) => method === "readEvents")?.headers.get("authorization")).toBe("Ticket t.old");
    site.fake.failNext("readEvents", new Fault("TICKET_INVALID"));
    const forged = await open(run.id, "?ticket=t.forged");
    expect(forged.response.status).toBe(401);
    expect(await forged.response.json()).toMatchObject({ error: { reason: "TICKET_INVALID" } });
  });

  test("[weakness 13] an orchestrator that is away is waited for, then the reader is told to come back", async () => {
    await using other = await startTestGateway({}, { hub: { openMs: 200, reopenMs: 200, silenceMs: 1_000 } });
    const run = other.fake.addRun(1);
    await other.fake.kill();
    const response = await fetch(`${other.url}/v1/runs/${run.id}/stream`);
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/event: busy\ndata: \{"afterMs":\d+\}\n\n$/);
  });
});

describe("a loss of the orchestrator in mid-stream", () => {
  test("[weakness 6] is bridged: the reader stays, and gets the very next event", async () => {
    const run = site.fake.addRun(3);
    const { events } = await open(run.id);
    const before: Awaited<ReturnType<typeof readUntil>> = [];
    while (sequences(before).length < 3) before.push(...(await readUntil(events, "message")));
    await site.fake.kill();
    run.append("While it was away.");
    await delay(200);
    await site.fake.listen();
    run.finish();
    const after = await readUntil(events, "end");
    expect(sequences([...before, ...after])).toEqual([1, 2, 3, 4, 5]);
    expect(names(after).filter((name) => name !== "checkpoint")).toEqual(["message", "message", "end"]);
  });

  test("that lasts too long sends the reader away with reconnect", async () => {
    await using other = await startTestGateway({}, { hub: { openMs: 200, reopenMs: 300, silenceMs: 1_000 } });
    const run = other.fake.addRun(1);
    const events = readSse(await fetch(`${other.url}/v1/runs/${run.id}/stream`));
    await readUntil(events, "message");
    await other.fake.kill();
    const last = await readUntil(events, "reconnect");
    expect(last.at(-1)).toMatchObject({ id: undefined });
    expect(await events.next()).toMatchObject({ done: true });
  });

  test("[weakness 7] by silence is noticed: a connection can be dead and not know it", async () => {
    await using other = await startTestGateway({}, { hub: { openMs: 200, reopenMs: 3_000, silenceMs: 300 } });
    other.fake.heartbeatMs = 60_000;
    const run = other.fake.addRun(1);
    const events = readSse(await fetch(`${other.url}/v1/runs/${run.id}/stream`));
    await readUntil(events, "message");
    await vi.waitFor(() => expect(other.fake.calls.filter(({ method }) => method === "streamRunEvents").length).toBeGreaterThan(1), {
      timeout: 3_000,
    });
    run.finish();
    expect(sequences(await readUntil(events, "end"))).toEqual([2]);
  });

  test("of one event is noticed, counted, and mended by asking again", async () => {
    const run = site.fake.addRun(2);
    const gaps = await metric("clew_gateway_gaps_detected_total");
    const { events } = await open(run.id);
    await readUntil(events, "hello");
    await vi.waitFor(() => expect(site.fake.openStreams).toBe(1));
    site.fake.lost.add(3);
    for (let n = 0; n < 3; n += 1) run.append();
    run.finish();
    expect(sequences(await readUntil(events, "end"))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await metric("clew_gateway_gaps_detected_total")).toBe(gaps + 1);
  });
});

describe("a reader", () => {
  test("that leaves ends the orchestrator's stream", async () => {
    const run = site.fake.addRun(1);
    await vi.waitFor(() => expect(site.fake.openStreams).toBe(0));
    const leaving = new AbortController();
    const response = await fetch(`${site.url}/v1/runs/${run.id}/stream`, { signal: leaving.signal });
    await readUntil(readSse(response), "message");
    expect(site.fake.openStreams).toBe(1);
    leaving.abort();
    await vi.waitFor(() => expect(site.fake.openStreams).toBe(0));
  });

  test("[weakness 2] that takes nothing is disconnected, and little is fetched for it; another is not delayed", {
    timeout: 20_000,
  }, async () => {
    await using other = await startTestGateway({}, { pace: { stallMs: 1_000 } });
    const run = other.fake.addRun();
    const filler = "x".repeat(16_000);
    for (let n = 0; n < 3_000; n += 1) run.append(filler);
    run.finish();
    const socket = await request(other.url, `/v1/runs/${run.id}/stream`);
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    const fast = readSse(await fetch(`${other.url}/v1/runs/${run.id}/stream?after=2900`));
    expect(sequences(await readUntil(fast, "end"))).toHaveLength(101);
    await vi.waitFor(
      async () => expect(await (await fetch(`${other.url}/metrics`)).text()).toContain("clew_gateway_stalled_readers_total 1"),
      { timeout: 5_000 },
    );
    await vi.waitFor(() => expect(other.fake.openStreams).toBe(0));
    // Of 48 MB only what the two kernels' socket buffers took was ever fetched for it.
    expect(other.fake.eventsRead).toBeLessThan(1_500);
    socket.resume();
    await closed;
  });

  test("[weakness 2, 4] that is slow but takes something is kept", { timeout: 20_000 }, async () => {
    await using other = await startTestGateway({}, { pace: { stallMs: 1_000 } });
    const run = other.fake.addRun();
    const filler = "x".repeat(16_000);
    for (let n = 0; n < 500; n += 1) run.append(filler);
    run.finish();
    const socket = await request(other.url, `/v1/runs/${run.id}/stream`);
    let taken = "";
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.on("data", (bytes) => {
      taken = (taken + bytes.toString("latin1")).slice(-2_000);
      // Takes 64 KiB, then rests: what waits for it takes longer than a stall may, but it never stalls.
      socket.pause();
      setTimeout(() => socket.resume(), 18);
    });
    socket.resume();
    await closed;
    expect(taken).toContain("event: end");
  });
});

/** Asks for a stream on a socket that reads nothing until it is told to. */
async function request(url: string, path: string): Promise<Socket> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.pause();
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  return socket;
}
