import { readFile } from "node:fs/promises";
import { startBackOffice } from "@clew/back-office/back-office";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { ReportInMemory, WorkRoom } from "@clew/sandbox-agent/work.fixture";
import { afterAll, beforeAll, expect, test } from "vitest";

let shared: WorkRoom;
beforeAll(async () => {
  shared = await WorkRoom.open();
});
afterAll(() => shared[Symbol.asyncDispose]());

const read = (name: string) => readFile(new URL(name, import.meta.url), "utf8");

test("hello opens a page and reads its heading, in at most six lines", async () => {
  const playbookSource = await read("hello.yaml");
  expect(playbookSource.trimEnd().split("\n").length).toBeLessThanOrEqual(6);
  await using office = await startBackOffice();
  await using room = await shared.beside();
  const report = new ReportInMemory();
  await room.start(
    { playbookSource, spec: { params: { url: office.url }, guardrails: { allowedPrivateHosts: [new URL(office.url).host] } } },
    report,
  ).done;
  expect(report.outcome).toMatchObject({ state: Run_State.COMPLETED, outcome: { data: { heading: "Log in" } } });
});

test("the example of docs/playbooks.md reads an order's status and keeps the password to itself", async () => {
  const page = await read("../../docs/playbooks.md");
  const playbookSource = /<!-- example -->\n```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  await using office = await startBackOffice();
  await using room = await shared.beside();
  const report = new ReportInMemory();
  const spec = { params: { order_id: 12345, base_url: office.url }, guardrails: { allowedPrivateHosts: [new URL(office.url).host] } };
  await room.start({ playbookSource, spec, credentials: { password: "demo" } }, report).done;
  expect(report.outcome).toMatchObject({ state: Run_State.COMPLETED, outcome: { data: { status: "open" }, extractedTexts: ["open"] } });
  expect(JSON.stringify(report.events)).not.toContain("demo");
});

test("cancel-order cancels the order, once, and a second run says why it cannot", async () => {
  const playbookSource = await read("cancel-order.yaml");
  await using office = await startBackOffice();
  const cancel = async (id: number) => {
    await using room = await shared.beside();
    const report = new ReportInMemory();
    const spec = { params: { order_id: id, base_url: office.url }, guardrails: { allowedPrivateHosts: [new URL(office.url).host] } };
    await room.start({ playbookSource, spec }, report).done;
    return report;
  };
  const first = await cancel(12345);
  const asServed = await (await fetch(`${office.url}/api/orders/12345`)).json();
  expect(asServed).toMatchObject({ status: "cancelled", cancellation: "C-12345-001" });
  expect(first.outcome).toMatchObject({
    state: Run_State.COMPLETED,
    outcome: { data: { confirmation: "Order 12345 was cancelled. Cancellation number: C-12345-001" } },
  });
  expect(first.all("actionCompleted").map(({ success }) => success)).toEqual(Array(9).fill(true));

  const second = await cancel(12345);
  expect(second.outcome).toMatchObject({
    state: Run_State.FAILED,
    outcome: {
      error: { reason: "SELECTOR_NOT_FOUND", message: "Order 12345 cannot be cancelled; it may be shipped or cancelled already." },
    },
  });
  expect(office.orders.cancellations).toBe(1);
});
