import { readFile } from "node:fs/promises";
import { startBackOffice } from "@clew/back-office/back-office";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { PlaybookRoom } from "@clew/sandbox-agent/playbook/playbook-room.fixture";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000 });

let room: PlaybookRoom;
beforeAll(async () => {
  room = await PlaybookRoom.open();
});
afterAll(() => room[Symbol.asyncDispose]());

const read = (id: string) => readFile(new URL(`${id}.yaml`, import.meta.url), "utf8");
const login = { username: "demo", password: "demo" };

async function run(
  id: string,
  params: Record<string, unknown>,
  {
    credentials = {},
    outputSchema,
    calls = [],
  }: { credentials?: Record<string, string>; outputSchema?: object; calls?: readonly string[] } = {},
) {
  const calledPlaybooks = Object.fromEntries(await Promise.all(calls.map(async (called) => [called, await read(called)] as const)));
  return await room.run(await read(id), {
    credentials: { ...login, ...credentials },
    calledPlaybooks,
    spec: { params, ...(outputSchema && { outputSchema }) },
  });
}

test("new-order places one order with all that was asked for", async () => {
  await using office = await startBackOffice();
  const outputSchema = { type: "object", required: ["order", "amount"], properties: { order: { pattern: "^Order \\d+$" } } };
  const params = {
    customer: `Io "of Argos" & {Co}`,
    country: "Crete",
    quantity: 3,
    delivery: "by mule",
    date: "2030-01-31",
    extras: ["insurance"],
    base_url: office.url,
  };
  const report = await run("new-order", params, { outputSchema });
  expect(report.outcome).toMatchObject({ state: Run_State.COMPLETED, outcome: { data: { order: "Order 12400", amount: "€ 37.50" } } });
  expect(office.orders.search()).toHaveLength(58);
  expect(office.orders.get("12400")).toMatchObject({
    customer: `Io "of Argos" & {Co}`,
    item: "Moth net × 3",
    wishes: { country: "Crete", delivery: "by mule", date: "2030-01-31", extras: "insurance" },
  });
});

test("new-order says which item there is not, and places nothing", async () => {
  await using office = await startBackOffice();
  const params = { customer: "Io", country: "Crete", item: "Minotaur", date: "2030-01-31", base_url: office.url };
  const report = await run("new-order", params);
  expect(report.outcome.outcome.error).toMatchObject({ message: "There is no item 'Minotaur'." });
  expect(office.orders.search()).toHaveLength(57);
});

test("cancel-orders cancels those that are open, once each, and leaves the others", async () => {
  await using office = await startBackOffice();
  const report = await run("cancel-orders", { order_ids: ["12343", "12344", "12346"], base_url: office.url }, { calls: ["cancel-order"] });
  expect(report.outcome.outcome.error).toBeUndefined();
  expect(report.outcome.outcome.extractedTexts).toEqual([
    "shipped",
    "Order 12344 was cancelled. Cancellation number: C-12344-001",
    "Order 12346 was cancelled. Cancellation number: C-12346-002",
  ]);
  expect(office.orders.cancellations).toBe(2);
  expect(["12343", "12344", "12345", "12346"].map((id) => office.orders.get(id)?.status)).toEqual([
    "shipped",
    "cancelled",
    "open",
    "cancelled",
  ]);
});

test("cancel-orders ends at the first order that there is not", async () => {
  await using office = await startBackOffice();
  const report = await run("cancel-orders", { order_ids: ["99999", "12344"], base_url: office.url }, { calls: ["cancel-order"] });
  expect(report.outcome.outcome.error).toMatchObject({ message: "There is no order 99999.", details: { stepId: "step-1.1.steps-1" } });
  expect(office.orders.cancellations).toBe(0);
});

test("pay-order types a card's number in a frame within a frame, and shows it nowhere", async () => {
  await using office = await startBackOffice();
  const params = { order_id: 12345, holder: "Ariadne Minos", base_url: office.url };
  const report = await run("pay-order", params, { credentials: { card_number: "4111-2222-3333-4444" } });
  expect(report.outcome.outcome.error).toBeUndefined();
  expect(office.payments).toEqual([{ holder: "Ariadne Minos", order: "12345", card: "4444" }]);
  expect(JSON.stringify(report.events)).not.toContain("4111");
});

test("export-invoices keeps each invoice, and answers the orders as data", async () => {
  await using office = await startBackOffice();
  const outputSchema = { required: ["orders"], properties: { orders: { type: "array", items: { required: ["id", "amount"] } } } };
  const report = await run("export-invoices", { customer: "Penelope Icaria", base_url: office.url }, { outputSchema });
  const orders = office.orders.search({ words: "Penelope Icaria" });
  expect(report.outcome.outcome.error).toBeUndefined();
  expect(report.outcome.outcome.data).toMatchObject({ orders: orders.map(({ id }) => ({ id })), order_ids: orders.map(({ id }) => id) });
  expect(office.downloads).toEqual(orders.map(({ id }) => `invoice-${id}.csv`));
  expect(report.all("artifactReady").map(({ name }) => name)).toEqual(expect.arrayContaining(orders.map(({ id }) => `invoice-${id}.csv`)));
});
