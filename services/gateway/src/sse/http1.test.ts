import { Agent, get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startTestGateway, type TestGateway } from "../testing/start-test-gateway.ts";

let site: TestGateway;
beforeAll(async () => {
  site = await startTestGateway();
});
afterAll(() => site[Symbol.asyncDispose]());

describe("over HTTP/1 a stream has no Transfer-Encoding, and its connection ends with it", () => {
  test.each([
    ["1.1", "keep-alive"],
    ["1.0", "keep-alive"],
    ["1.0", "close"],
  ])("HTTP/%s, asked with Connection: %s", async (version, connection) => {
    const run = site.fake.addRun(1);
    const { hostname, port, host } = new URL(site.url);
    const socket = connect({ host: hostname, port: Number(port) });
    const path = `/v1/runs/${run.id}/stream`;
    socket.write(`GET ${path} HTTP/${version}\r\nhost: ${host}\r\nconnection: ${connection}\r\n\r\n`);
    let told = "";
    socket.setEncoding("utf8").on("data", (text) => {
      told += String(text);
    });
    await vi.waitFor(() => expect(told).toContain('"sequence":1'), 10_000);
    run.finish();
    await new Promise((resolve) => socket.once("end", resolve));
    const [head = "", body = ""] = told.split(/\r\n\r\n(.*)/s);
    expect(head).toMatch(/^HTTP\/1\.1 200 .*\r\nconnection: close(\r\n|$)/is);
    expect(head).not.toMatch(/transfer-encoding|content-length/i);
    expect(body).toMatch(/^retry: \d+\n\nid: .*event: end\ndata: \{.*\}\n\n$/s);
  });

  test("a client that keeps connections reads one stream after the other to its end", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const run = site.fake.addRun(1);
    run.finish();
    for (let round = 0; round < 3; round += 1) {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        get(`${site.url}/v1/runs/${run.id}/stream`, { agent }, resolve).on("error", reject);
      });
      expect((await response.setEncoding("utf8").toArray()).join("")).toContain("event: end");
    }
    agent.destroy();
  });
});
