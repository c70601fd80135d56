import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { startBackOffice } from "../back-office.ts";
import { Visitor } from "../visitor.fixture.ts";

const idsOf = (text: string) => [...text.matchAll(/href="\/orders\/(\d+)"/g)].map((match) => match[1]);

test("lists 57 orders on six pages, and those of one status", async () => {
  await using office = await startBackOffice();
  const visitor = new Visitor(office.url);
  await visitor.logIn();
  const first = (await visitor.fetch("/orders")).text;
  expect(first).toContain("Page 1 of 6, 57 orders");
  expect(idsOf(first)).toEqual(Array.from({ length: 10 }, (_, index) => String(12343 + index)));
  expect(idsOf((await visitor.fetch("/orders?page=6")).text)).toHaveLength(7);
  const shipped = office.orders.search({ status: "shipped" });
  expect((await visitor.fetch("/orders?status=shipped")).text).toContain(`${shipped.length} orders`);
  expect(idsOf((await visitor.fetch("/orders?q=12345")).text)).toEqual(["12345"]);
  expect((await visitor.fetch("/orders?q=%3Cb%3E")).text).not.toContain("<b>");
});

test("makes an order of three forms, and none before the last", async () => {
  await using office = await startBackOffice();
  const visitor = new Visitor(office.url);
  await visitor.logIn();
  expect(await visitor.fetch("/orders/new/confirm")).toMatchObject({ location: "/orders/new/customer" });
  expect(await visitor.fetch("/orders/new/customer", { customer: "Europa", country: "" })).toMatchObject({ status: 422 });
  expect(await visitor.fetch("/orders/new/customer", { customer: "Europa", country: "Crete" })).toMatchObject({
    location: "/orders/new/items",
  });
  const items = new URLSearchParams({ item: "Moth net", quantity: "2", delivery: "by ship", date: "2030-01-31" });
  items.append("extras", "gift wrap");
  items.append("extras", "insurance");
  expect(await visitor.fetch("/orders/new/items", items)).toMatchObject({ location: "/orders/new/confirm" });
  expect(await visitor.fetch("/orders/new/confirm", {})).toMatchObject({ status: 422 });
  expect(office.orders.search()).toHaveLength(57);
  expect(await visitor.fetch("/orders/new/confirm", { agreed: "yes" })).toMatchObject({ status: 303, location: "/orders/12400" });
  expect(office.orders.get("12400")).toMatchObject({
    customer: "Europa",
    item: "Moth net × 2",
    amount: "€ 25.00",
    status: "open",
    wishes: { country: "Crete", delivery: "by ship", date: "2030-01-31", extras: "gift wrap, insurance" },
  });
});

test("keeps the name, size and SHA-256 of files that are attached", async () => {
  await using office = await startBackOffice();
  const visitor = new Visitor(office.url);
  await visitor.logIn();
  const form = new FormData();
  form.append("file", new File(["the thread"], "thread.txt"));
  expect(await visitor.fetch("/orders/12345/files", form)).toMatchObject({ location: "/orders/12345" });
  const sha256 = createHash("sha256").update("the thread").digest("hex");
  expect(office.uploads).toEqual([{ orderId: "12345", name: "thread.txt", sizeBytes: 10, sha256 }]);
  expect((await visitor.fetch("/orders/12345")).text).toContain("thread.txt, 10 bytes");
});

test("hands out invoices as CSV, late where that is asked for, and as PDF", async () => {
  await using office = await startBackOffice();
  const visitor = new Visitor(office.url);
  await visitor.logIn();
  const csv = await visitor.fetch("/orders/12345/invoice.csv?ms=20");
  expect(csv.text).toBe('order,customer,item,amount\r\n"12345","Ariadne Minos","Ball of red thread","€ 7.90"\r\n');
  expect(csv.headers.get("content-disposition")).toBe('attachment; filename="invoice-12345.csv"');
  expect((await visitor.fetch("/orders/12345/invoice.pdf")).text).toMatch(/^%PDF-1.4[\s\S]*Invoice for order 12345[\s\S]*%%EOF\n$/);
  expect(office.downloads).toEqual(["invoice-12345.csv", "invoice-12345.pdf"]);
});
