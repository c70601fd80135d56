import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { get } from "node:https";
import { RunService } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { selfSigned } from "../../../../test/support/self-signed.ts";
import { startTestGateway, type TestGateway } from "../testing/start-test-gateway.ts";

const tls = selfSigned();
let site: TestGateway;
let session: ClientHttp2Session;
beforeAll(async () => {
  site = await startTestGateway({ tls }, { pace: { stallMs: 1_000 } });
  session = connect(site.url, { ca: tls.cert });
  // As browsers do: what one stream does not take must not use up what all may.
  session.once("connect", () => session.setLocalWindowSize(8 * 1024 * 1024));
});
afterAll(async () => {
  session.destroy();
  await site[Symbol.asyncDispose]();
});

function request(path: string, headers: Record<string, string> = {}): ClientHttp2Stream {
  const stream = session.request({ ":path": path, ...headers });
  stream.on("error", () => {});
  return stream;
}

async function headOf(stream: ClientHttp2Stream): Promise<Record<string, unknown>> {
  return new Promise((resolve) => stream.once("response", (headers) => resolve({ ...headers })));
}

/** Reads a stream's server-sent events until it ends or has one of this name. */
async function readUntil(stream: ClientHttp2Stream, name: string): Promise<EventSourceMessage[]> {
  const read: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => read.push(event) });
  stream.setEncoding("utf8");
  for await (const text of stream) {
    parser.feed(String(text));
    if (read.some(({ event }) => event === name)) break;
  }
  return read;
}

const sequencesOf = (events: readonly EventSourceMessage[]) =>
  events.filter(({ event }) => event === undefined).map(({ data }) => JSON.parse(data).sequence);

test("many streams share one connection, and each gets its whole run", async () => {
  const runs = Array.from({ length: 20 }, () => site.fake.addRun(3));
  const streams = runs.map(({ id }) => request(`/v1/runs/${id}/stream`));
  const reading = streams.map((stream) => readUntil(stream, "end"));
  const [head] = await Promise.all(streams.map(headOf));
  expect(head).toMatchObject({ ":status": 200, "content-type": "text/event-stream; charset=utf-8" });
  expect(head).not.toHaveProperty("connection");
  for (const run of runs) run.append();
  for (const run of runs) run.finish();
  for (const read of await Promise.all(reading)) expect(sequencesOf(read)).toEqual([1, 2, 3, 4, 5]);
});

test("a reader who takes nothing loses its stream; the connection and its other streams go on", { timeout: 20_000 }, async () => {
  const run = site.fake.addRun();
  const filler = "x".repeat(16_000);
  for (let n = 0; n < 300; n += 1) run.append(filler);
  const healthy = request(`/v1/runs/${run.id}/stream?after=299`);
  const reading = readUntil(healthy, "end");
  const stalled = request(`/v1/runs/${run.id}/stream`);
  stalled.pause();
  await new Promise<void>((resolve) => stalled.once("close", () => resolve()).once("aborted", () => resolve()));
  expect(session.destroyed).toBe(false);
  run.finish();
  expect(sequencesOf(await reading)).toEqual([300, 301]);
  await vi.waitFor(() => expect(site.fake.openStreams).toBe(0));
});

test("a reader who takes nothing loses its stream also where it was idle for longer before", { timeout: 20_000 }, async () => {
  const run = site.fake.addRun(1);
  const stalled = request(`/v1/runs/${run.id}/stream`);
  // Its stall timer rings once while nothing waits for it.
  await new Promise<void>((resolve) => {
    stalled.setTimeout(1_500, resolve);
    stalled.on("data", () => {});
  });
  stalled.pause();
  const closed = new Promise<void>((resolve) => stalled.once("close", () => resolve()).once("aborted", () => resolve()));
  const filler = "x".repeat(16_000);
  for (let n = 0; n < 300; n += 1) run.append(filler);
  await closed;
  await vi.waitFor(() => expect(site.fake.openStreams).toBe(0));
});

test("the other doors answer too, and an unknown Host is refused", async () => {
  const run = site.fake.addRun(1);
  run.finish();
  const client = createClient(RunService, createConnectTransport({ baseUrl: site.url, httpVersion: "2", nodeOptions: { ca: tls.cert } }));
  expect((await client.getRun({ runId: run.id })).run?.lastSequence).toBe(2);
  const kinds: (string | undefined)[] = [];
  for await (const { frame } of client.streamRunEvents({ runId: run.id })) kinds.push(frame.case);
  expect(kinds).toEqual(["hello", "events", "end"]);
  const rest = request(`/v1/runs/${run.id}`);
  rest.resume();
  expect(await headOf(rest)).toMatchObject({ ":status": 200 });
  const rebound = request(`/v1/runs/${run.id}`, { ":authority": "evil.example.com" });
  rebound.resume();
  expect(await headOf(rebound)).toMatchObject({ ":status": 403 });
});

test("who speaks HTTP/1.1 only is answered in it", async () => {
  const run = site.fake.addRun(1);
  run.finish();
  const answer = await new Promise<{ version: string; text: string }>((resolve, reject) => {
    get(`${site.url}/v1/runs/${run.id}/stream`, { ca: tls.cert }, (response) => {
      let text = "";
      response
        .setEncoding("utf8")
        .on("data", (piece: string) => {
          text += piece;
        })
        .on("end", () => resolve({ version: response.httpVersion, text }));
    }).on("error", reject);
  });
  expect(answer.version).toBe("1.1");
  expect(answer.text).toContain("event: end");
});

test("a stop sends the readers of a connection away, and closes it", async () => {
  const other = await startTestGateway({ tls });
  const run = other.fake.addRun(1);
  const connection = connect(other.url, { ca: tls.cert });
  connection.on("error", () => {});
  const closed = new Promise<void>((resolve) => connection.once("close", () => resolve()));
  const stream = connection.request({ ":path": `/v1/runs/${run.id}/stream` });
  const reading = readUntil(stream, "reconnect");
  await headOf(stream);
  await other[Symbol.asyncDispose]();
  expect((await reading).at(-1)?.event).toBe("reconnect");
  await closed;
});
