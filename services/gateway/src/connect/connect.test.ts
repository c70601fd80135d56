import { gzipSync } from "node:zlib";
import { toJson } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { Fault } from "@clew/fault/fault";
import { type RunEvent, RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { Run_State } from "@clew/proto/connect/clew/run/v1/run_pb";
import { RunService } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@clew/proto/connect/google/rpc/error_details_pb";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { jsonOptions } from "../hub/json-options.ts";
import { readSse, readUntil } from "../testing/read-sse.ts";
import { startTestGateway, type TestGateway } from "../testing/start-test-gateway.ts";

let site: TestGateway;
beforeAll(async () => {
  site = await startTestGateway();
});
afterAll(() => site[Symbol.asyncDispose]());

const transports: Record<string, () => Transport> = {
  "Connect with JSON": () => createConnectTransport({ baseUrl: site.url, httpVersion: "1.1", useBinaryFormat: false }),
  "Connect with Protobuf": () => createConnectTransport({ baseUrl: site.url, httpVersion: "1.1" }),
  "gRPC-Web": () => createGrpcWebTransport({ baseUrl: site.url, httpVersion: "1.1" }),
};

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ConnectError) return error;
    throw error;
  }
  throw new Error("It did not fail.");
}

describe.each(Object.entries(transports))("%s", (_name, transport) => {
  test("calls, and passes on who asks", async () => {
    const client = createClient(RunService, transport());
    const { run } = await client.createRun(
      { spec: { work: { case: "playbook", value: "hello" } } },
      { headers: { authorization: "Bearer k", "x-request-id": "id-7" } },
    );
    expect(run?.state).toBe(Run_State.RUNNING);
    const call = site.fake.calls.findLast(({ method }) => method === "createRun");
    expect(Object.fromEntries(call?.headers ?? [])).toMatchObject({ authorization: "Bearer k", "x-request-id": "id-7" });
  });

  test("streams history and then what comes, to the end", async () => {
    const client = createClient(RunService, transport());
    const run = site.fake.addRun(3);
    const seen: (string | undefined)[] = [];
    for await (const { frame } of client.streamRunEvents({ runId: run.id })) {
      if (frame.case === "events") for (const { sequence } of frame.value.events) seen.push(String(sequence));
      else seen.push(frame.case);
      if (seen.at(-1) === "3") run.finish();
    }
    expect(seen).toEqual(["hello", "1", "2", "3", "4", "end"]);
  });

  test("streams a file up", async () => {
    const client = createClient(RunService, transport());
    const parts = async function* () {
      yield { part: { case: "name" as const, value: "b" } };
      for (let n = 0; n < 20; n += 1) yield { part: { case: "chunk" as const, value: new Uint8Array(60_000) } };
    };
    expect(await client.uploadFile(parts())).toMatchObject({ fileId: "file-b", sizeBytes: 1_200_000 });
  });

  test("keeps an error's code, message and details", async () => {
    const client = createClient(RunService, transport());
    site.fake.failNext(
      "createRun",
      new Fault("QUEUE_FULL", { retryAfterMs: 1_500, details: { limit: "3" }, violations: [{ field: "spec", rule: "r", message: "m" }] }),
    );
    const error = await errorOf(client.createRun({}));
    expect([error.code, error.rawMessage]).toEqual([Code.ResourceExhausted, "The queue is full."]);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "QUEUE_FULL", domain: "clew", metadata: { limit: "3" } }]);
    expect(error.findDetails(RetryInfoSchema)).toMatchObject([{ retryDelay: { seconds: 1n, nanos: 500_000_000 } }]);
    expect(error.findDetails(BadRequestSchema)).toMatchObject([{ fieldViolations: [{ field: "spec", reason: "r", description: "m" }] }]);
  });

  test("tells why a stream cannot be resumed, and where it could", async () => {
    const client = createClient(RunService, transport());
    const run = site.fake.addRun(1);
    const error = await errorOf(client.streamRunEvents({ runId: run.id, resumeToken: "9" })[Symbol.asyncIterator]().next());
    expect(error.code).toBe(Code.OutOfRange);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "FUTURE", metadata: { earliest: run.token(0) } }]);
  });

  test("refuses one stream too many, with a time to come back", async () => {
    await using full = await startTestGateway({ streams: { maxReaders: 0 } });
    const client = createClient(RunService, createConnectTransport({ baseUrl: full.url, httpVersion: "1.1" }));
    const error = await errorOf(
      client
        .streamRunEvents({ runId: full.fake.addRun(1).id })
        [Symbol.asyncIterator]()
        .next(),
    );
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "READERS_FULL" }]);
    expect(error.findDetails(RetryInfoSchema)).toHaveLength(1);
  });

  test("asks its reader to come back when a stream has reached its age", async () => {
    await using old = await startTestGateway({ streams: { maxAgeMs: 2_000 } });
    const client = createClient(RunService, createConnectTransport({ baseUrl: old.url, httpVersion: "1.1" }));
    const frames: (string | undefined)[] = [];
    const run = old.fake.addRun(2);
    const error = await errorOf(
      (async () => {
        for await (const { frame } of client.streamRunEvents({ runId: run.id })) frames.push(frame.case);
      })(),
    );
    expect(frames.at(-1)).toBe("reconnect");
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "STREAM_AGED" }]);
  });

  test("refuses a message above 1 MiB", async () => {
    const client = createClient(RunService, transport());
    const error = await errorOf(client.validatePlaybook({ source: "x".repeat(1_100_000) }));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "BODY_TOO_LARGE" }]);
  });

  test("refuses bytes that are no message of the call with our reason, also where it would stream", async () => {
    const [other, message] = [{ input: DurationSchema }, { seconds: 127n }];
    const { getRun, streamRunEvents } = RunService.method;
    const unary = transport().unary({ ...getRun, ...other }, undefined, undefined, undefined, message);
    const stream = transport().stream({ ...streamRunEvents, ...other }, undefined, undefined, undefined, once(message));
    const first = stream.then(({ message: frames }) => frames[Symbol.asyncIterator]().next());
    for (const error of [await errorOf(unary), await errorOf(first)]) {
      expect([error.code, error.rawMessage]).toEqual([
        Code.InvalidArgument,
        expect.stringMatching(/^The bytes are no message of this call: send one|^body: must be an object$/),
      ]);
      expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "INVALID_REQUEST" }]);
    }
    expect(await createClient(RunService, transport()).listRuns({})).toBeDefined();
  });

  test("ends the orchestrator's stream when the reader leaves", async () => {
    const client = createClient(RunService, transport());
    const run = site.fake.addRun(1);
    const leaving = new AbortController();
    const frames = client.streamRunEvents({ runId: run.id }, { signal: leaving.signal })[Symbol.asyncIterator]();
    await frames.next();
    await vi.waitFor(() => expect(site.fake.openStreams).toBe(1));
    leaving.abort();
    await expect(frames.next()).rejects.toThrow();
    await vi.waitFor(() => expect(site.fake.openStreams).toBe(0));
  });

  test("refuses an origin it does not know in its own protocol", async () => {
    const client = createClient(RunService, transport());
    const error = await errorOf(client.listRuns({}, { headers: { origin: "https://evil.example.com" } }));
    expect(error.code).toBe(Code.PermissionDenied);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "ORIGIN_NOT_ALLOWED" }]);
  });

  test("says that the orchestrator is away, and works again when it is back", async () => {
    const client = createClient(RunService, transport());
    await site.fake.kill();
    const error = await errorOf(client.listRuns({}));
    expect(error.code).toBe(Code.Unavailable);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "ORCHESTRATOR_UNAVAILABLE" }]);
    await site.fake.listen();
    await client.listRuns({});
  });
});

test("one event is the same JSON at every door", async () => {
  const run = site.fake.addRun(1);
  run.finish();
  const path = `${site.url}/v1/runs/${run.id}`;
  const page = (await (await fetch(`${path}/events`)).json()).events;
  const lines = (await (await fetch(`${path}/events`, { headers: { accept: "application/x-ndjson" } })).text()).trim().split("\n");
  const sse = (await readUntil(readSse(await fetch(`${path}/stream`)), "end"))
    .filter(({ event }) => event === undefined)
    .map(({ data }) => data);
  const typed: RunEvent[] = [];
  const client = createClient(RunService, createConnectTransport({ baseUrl: site.url, httpVersion: "1.1" }));
  for await (const { frame } of client.streamRunEvents({ runId: run.id })) if (frame.case === "events") typed.push(...frame.value.events);
  const body = JSON.stringify({ runId: run.id });
  const plain = await fetch(`${site.url}/clew.run.v1.RunService/ReadEvents`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });

  const expected = run.events.map((event) => toJson(RunEventSchema, event, jsonOptions));
  expect(page).toEqual(expected);
  expect(lines).toEqual(expected.map((event) => JSON.stringify(event)));
  expect(sse).toEqual(lines);
  expect(typed.map((event) => toJson(RunEventSchema, event, jsonOptions))).toEqual(expected);
  expect((await plain.json()).events).toEqual(expected);
});

test.each([
  ['{"source":"a","source":"b"}', [["source", "duplicate"]]],
  ['{"source":7,"sorce":7}', [["source", "type"]]],
  ['{"source":', [["body", "json"]]],
])("says what is wrong with the JSON of a call by its fields: %s", async (body, expected) => {
  const url = `${site.url}/clew.run.v1.RunService/ValidatePlaybook`;
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { code, details } = await answer.json();
  expect([answer.status, code, details[0].debug.reason]).toEqual([400, "invalid_argument", "INVALID_REQUEST"]);
  const violations: { field: string; reason: string }[] = details[1].debug.fieldViolations;
  expect(violations.map(({ field, reason }) => [field, reason])).toEqual(expected);
});

/** A message of a stream, as Connect and gRPC-Web put it. */
function enveloped(message: Uint8Array, flags = 0): Buffer<ArrayBuffer> {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

describe("a name that an object has twice", () => {
  const stream = `{"runId":"run-1","resumeToken":"1","resumeToken":"2"}`;
  const unary = '{"source":"a","source":"b"}';

  test.each<[what: string, method: string, headers: Record<string, string>, body: Buffer<ArrayBuffer>, field: string]>([
    ["compressed", "ValidatePlaybook", { "content-type": "application/json", "content-encoding": "gzip" }, gzipSync(unary), "source"],
    ["in a stream", "StreamRunEvents", { "content-type": "application/connect+json" }, enveloped(Buffer.from(stream)), "resumeToken"],
    [
      "compressed in a stream",
      "StreamRunEvents",
      { "content-type": "application/connect+json", "connect-content-encoding": "gzip" },
      enveloped(gzipSync(stream), 1),
      "resumeToken",
    ],
    [
      "in a stream, in a message of a kind that nobody knows",
      "StreamRunEvents",
      { "content-type": "application/connect+json" },
      enveloped(Buffer.from(stream), 4),
      "resumeToken",
    ],
    [
      "in a stream, in a message that would end one of gRPC-Web",
      "StreamRunEvents",
      { "content-type": "application/connect+json" },
      enveloped(Buffer.from(stream), 0x80),
      "resumeToken",
    ],
    ["in gRPC-Web", "ValidatePlaybook", { "content-type": "application/grpc-web+json" }, enveloped(Buffer.from(unary)), "source"],
    [
      "in the second message of an upload",
      "UploadFile",
      { "content-type": "application/connect+json" },
      Buffer.concat([enveloped(Buffer.from('{"name":"a"}')), enveloped(Buffer.from('{"data":"","data":""}'))]),
      "data",
    ],
  ])("is refused %s", async (_, method, headers, body, field) => {
    const calls = site.fake.calls.length;
    const answer = await fetch(`${site.url}/clew.run.v1.RunService/${method}`, { method: "POST", headers, body });
    const said = decodeURIComponent(await answer.text());
    expect(said).toContain(`${field}: is given more than once, again in line 1 column`);
    if (method !== "UploadFile") expect(site.fake.calls.length).toBe(calls);
  });

  test("is not looked for beyond what may be read of a compressed body", async () => {
    const answer = await fetch(`${site.url}/clew.run.v1.RunService/ValidatePlaybook`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
      body: gzipSync(`{"source":"${"x".repeat(3_000_000)}"}`),
    });
    expect((await answer.json()).details[0].debug.reason).toBe("BODY_TOO_LARGE");
  });
});
