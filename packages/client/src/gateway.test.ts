import { expect, it } from "vitest";
import { startStubGateway } from "../../../test/support/stub-gateway.ts";
import { createGateway, type GatewayOptions } from "./gateway.ts";

const path = "/v1/playbooks";
const gatewayAt = (url: string, options: Partial<GatewayOptions> = {}) =>
  createGateway({ url, authorization: async () => undefined, fetch, patienceMs: 0, ...options });
const never = () => new Promise<never>(() => {});

it.each(["json", "response"] as const)("does not wait for a ticket longer than for an answer (%s)", async (call) => {
  const gateway = gatewayAt("http://127.0.0.1:1", { authorization: never });
  await expect(gateway[call]({ path, timeoutMs: 20 })).rejects.toMatchObject({ reason: "DEADLINE_EXCEEDED" });
  await expect(gateway[call]({ path, signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ reason: "DEADLINE_EXCEEDED" });
});

it("waits for the head of a response so long, and for its body as long as the caller does", async () => {
  await using stub = await startStubGateway();
  stub.script(
    `GET ${path}`,
    () => {},
    (response) => {
      response.flushHeaders();
      setTimeout(() => response.end("late"), 700);
    },
    (response) => response.flushHeaders(),
  );
  const gateway = gatewayAt(stub.url);
  await expect(gateway.response({ path, timeoutMs: 500 })).rejects.toMatchObject({ reason: "DEADLINE_EXCEEDED" });
  expect(await (await gateway.response({ path, timeoutMs: 500 })).text()).toBe("late");
  const leaving = new AbortController();
  const left = await gateway.response({ path, signal: leaving.signal });
  leaving.abort(new Error("left"));
  await expect(left.text()).rejects.toThrow("left");
});

it("holds a wait that no timer can for the longest that one can, not for none", async () => {
  await using stub = await startStubGateway();
  expect(await gatewayAt(stub.url).json({ path, timeoutMs: 2 ** 31 })).toMatchObject({ playbooks: [{ id: "hello" }] });
});
