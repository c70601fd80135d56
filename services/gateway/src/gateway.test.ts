import { expect, test } from "vitest";
import { readSse, readUntil } from "./testing/read-sse.ts";
import { startTestGateway } from "./testing/start-test-gateway.ts";

test("creates a run, reads it, and streams it to its end", async () => {
  await using site = await startTestGateway();
  const created = await fetch(`${site.url}/v1/runs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"playbook":"hello"}',
  });
  expect(created.status).toBe(201);
  const { id } = await created.json();
  expect(created.headers.get("location")).toBe(`/v1/runs/${id}`);
  const read = await fetch(`${site.url}/v1/runs/${id}`);
  expect(await read.json()).toMatchObject({ id, state: "RUNNING", spec: { playbook: "hello" }, unconfirmedActions: [] });
  const response = await fetch(`${site.url}/v1/runs/${id}/stream`);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const events = readSse(response);
  await readUntil(events, "message");
  site.fake.runs.get(id)?.finish();
  const rest = await readUntil(events, "end");
  expect(rest.map(({ event }) => event)).toEqual([undefined, "end"]);
  expect(await events.next()).toEqual({ done: true, value: undefined });
});
