import diagnostics from "node:diagnostics_channel";
import { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startTestGateway, type TestGateway } from "./testing/start-test-gateway.ts";

let site: TestGateway;
const responses = new Map<string, ServerResponse>();
/** Sees each response of this process as its server made it. */
const onRequest = (message: unknown) => {
  const { request, response } = message as { readonly request: unknown; readonly response: unknown };
  if (request instanceof IncomingMessage && response instanceof ServerResponse) responses.set(request.url ?? "", response);
};
beforeAll(async () => {
  diagnostics.subscribe("http.server.request.start", onRequest);
  site = await startTestGateway();
});
afterAll(async () => {
  diagnostics.unsubscribe("http.server.request.start", onRequest);
  await site[Symbol.asyncDispose]();
});

/** Asks on a socket that never reads, and answers how many bytes wait in the gateway once no more go out. */
async function waitingFor(path: string, body?: Buffer): Promise<number> {
  const { hostname, port, host } = new URL(site.url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.pause();
  socket.on("error", () => {});
  const head =
    body === undefined
      ? `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`
      : `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/connect+proto\r\ncontent-length: ${body.length}\r\n\r\n`;
  socket.write(head);
  if (body !== undefined) socket.write(body);
  let sent = -1;
  let waiting = 0;
  await vi.waitFor(
    () => {
      const response = responses.get(path);
      waiting = Math.max(waiting, response?.writableLength ?? 0);
      const before = sent;
      sent = response?.socket?.bytesWritten ?? -1;
      expect(response?.writableLength).toBeGreaterThan(0);
      expect(sent).toBe(before);
    },
    { timeout: 20_000, interval: 300 },
  );
  socket.destroy();
  return waiting;
}

const promised = 256 * 1024;

test.each([
  ["many small events", 40_000, 300],
  ["large events", 2_000, 16_000],
])(
  "[weakness 2] a reader that takes nothing has at most 256 KiB waiting for it, at each door: %s",
  { timeout: 90_000 },
  async (_what, count, size) => {
    const run = site.fake.addRun();
    const filler = "x".repeat(size);
    for (let n = 0; n < count; n += 1) run.append(filler);
    const others = Array.from({ length: 49 }, () => site.fake.addRun(1));
    const request = Buffer.concat([Buffer.from([0, 0, 0, 0, 2 + run.id.length, 0x0a, run.id.length]), Buffer.from(run.id)]);
    const waiting = {
      sse: await waitingFor(`/v1/runs/${run.id}/stream`),
      many: await waitingFor(`/v1/streams?runs=${[run, ...others].map(({ id }) => id).join()}`),
      connect: await waitingFor("/clew.run.v1.RunService/StreamRunEvents", request),
    };
    for (const [door, bytes] of Object.entries(waiting)) {
      expect(bytes, door).toBeGreaterThan(0);
      expect(bytes, door).toBeLessThanOrEqual(promised);
    }
  },
);
