import { expect, test } from "vitest";
import { startBackOffice } from "../back-office.ts";
import { Visitor } from "../visitor.fixture.ts";

test("answers who is logged in, and changes nothing without the token", async () => {
  await using office = await startBackOffice();
  const visitor = new Visitor(office.url);
  expect(await visitor.fetch("/api/orders")).toMatchObject({ status: 401 });
  const csrf = await visitor.logIn();
  expect(JSON.parse((await visitor.fetch("/api/orders?status=open&q=thread")).text)).toMatchObject({ total: 1, orders: [{ id: "12345" }] });
  expect(await visitor.fetch("/api/orders/12345/cancel", {})).toMatchObject({ status: 403 });
  expect(office.orders.cancellations).toBe(0);
  expect(await visitor.fetch("/api/orders/12345/cancel", {}, { "x-csrf-token": csrf })).toMatchObject({ status: 200 });
  expect(await visitor.fetch("/api/orders/12345/cancel", {}, { "x-csrf-token": csrf })).toMatchObject({ status: 409 });
  expect(office.calls.map(({ status }) => status)).toEqual([403, 200, 409]);
});

test("makes orders", async () => {
  await using office = await startBackOffice();
  const visitor = new Visitor(office.url);
  const csrf = await visitor.logIn();
  expect(await visitor.fetch("/api/orders", { customer: "Europa" }, { "x-csrf-token": csrf })).toMatchObject({ status: 422 });
  expect(await visitor.fetch("/api/orders", { customer: "Europa", item: "Bull" }, { "x-csrf-token": csrf })).toMatchObject({ status: 201 });
  expect(office.orders.get("12400")).toMatchObject({ customer: "Europa", item: "Bull", status: "open" });
});

test("shows one order, and the records, to anybody", async () => {
  await using office = await startBackOffice();
  const visitor = new Visitor(office.url);
  expect(JSON.parse((await visitor.fetch("/api/orders/12345")).text)).toMatchObject({ id: "12345", status: "open" });
  await visitor.logIn();
  const records = JSON.parse((await visitor.fetch("/records")).text);
  expect(records).toMatchObject({ cancellations: 0, logins: [{ user: "demo", accepted: true }], uploads: [] });
  expect(records.orders).toHaveLength(57);
});
