import { Fault } from "@clew/fault/fault";
import { RunService } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSse } from "./testing/read-sse.ts";
import { startTestGateway, type TestGateway } from "./testing/start-test-gateway.ts";

let site: TestGateway;
beforeAll(async () => {
  site = await startTestGateway({}, { hub: { beatMs: 300, openMs: 300, keyLookMs: 50 } });
});
afterAll(() => site[Symbol.asyncDispose]());

const shown = (key: string) => ({ authorization: `Bearer ${key}` });
const hold = (key: string, id: string) => {
  const held: { readonly id: string; fault?: Fault } = { id };
  site.fake.keys.set(`Bearer ${key}`, held);
  return held;
};

/** Opens a stream, and answers what its reader is told last. */
async function follow(path: string, key: string): Promise<{ readonly last: Promise<string | undefined> }> {
  const events = readSse(await fetch(`${site.url}${path}`, { headers: shown(key) }))[Symbol.asyncIterator]();
  await events.next();
  const last = (async () => {
    let name: string | undefined;
    for (let next = await events.next(); !next.done; next = await events.next()) name = next.value.event;
    return name;
  })();
  return { last };
}

describe("a key that has ended", () => {
  it("ends every stream that was opened with it, or with its tickets; they come back, and are refused", async () => {
    const run = site.fake.addRun(2);
    const [held, ticket] = [hold("a-key", "key-1"), hold("a-ticket", "key-1")];
    const streams = await Promise.all([
      follow(`/v1/runs/${run.id}/stream`, "a-key"),
      follow(`/v1/runs/${run.id}/stream`, "a-ticket"),
      follow(`/v1/streams?runs=${run.id}`, "a-key"),
    ]);
    held.fault = new Fault("KEY_INVALID");
    ticket.fault = new Fault("TICKET_INVALID");
    expect(await Promise.all(streams.map(({ last }) => last))).toEqual(["reconnect", "reconnect", "reconnect"]);
    expect((await fetch(`${site.url}/v1/runs/${run.id}/stream`, { headers: shown("a-key") })).status).toBe(401);
  });

  it("ends a typed stream with its reason", async () => {
    const run = site.fake.addRun(1);
    const held = hold("typed-key", "key-2");
    const client = createClient(RunService, createConnectTransport({ baseUrl: site.url, httpVersion: "1.1" }));
    const frames = client.streamRunEvents({ runId: run.id }, { headers: shown("typed-key") })[Symbol.asyncIterator]();
    await frames.next();
    held.fault = new Fault("KEY_EXPIRED");
    const ended = async () => {
      for (let next = await frames.next(); !next.done; next = await frames.next());
    };
    const error = await ended().catch((thrown: unknown) => thrown);
    expect(error instanceof ConnectError && error.code).toBe(Code.Unauthenticated);
  });

  it("ends nobody's stream while the orchestrator is away, nor with a ticket's own time", async () => {
    const run = site.fake.addRun(1);
    const held = hold("other-key", "key-3");
    const { last } = await follow(`/v1/runs/${run.id}/stream`, "other-key");
    let looks = 0;
    const looked = () =>
      new Promise<void>((resolve) => {
        const seen = looks;
        Object.defineProperty(held, "fault", {
          configurable: true,
          get: () => {
            looks += 1;
            if (looks > seen + 2) resolve();
            return new Fault(looks % 2 === 0 ? "VOLUME_FAILED" : "TICKET_EXPIRED");
          },
        });
      });
    await looked();
    Object.defineProperty(held, "fault", { value: undefined });
    run.finish();
    expect(await last).toBe("end");
  });
});
