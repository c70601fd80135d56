import { expect, test } from "vitest";
import { startBackOffice } from "../back-office.ts";
import { Visitor } from "../visitor.fixture.ts";

test("keeps what the pages with scripts tell it, and refuses what they cannot say", async () => {
  await using office = await startBackOffice();
  const visitor = new Visitor(office.url);
  await visitor.logIn();
  const names = ["Cards", "Thread", "Wax", "Sails", "Nets"];
  const order = new URLSearchParams(names.map((name) => ["name", name]));
  expect(await visitor.fetch("/priorities", order)).toMatchObject({ status: 204 });
  expect(await visitor.fetch("/priorities", { name: "Thread" })).toMatchObject({ status: 422 });
  expect(office.reorderings).toEqual([names]);
  expect((await visitor.fetch("/priorities")).text).toMatch(/Cards[\s\S]*Thread[\s\S]*Nets/);

  expect(await visitor.fetch("/packing/packed", { id: "12343" })).toMatchObject({ status: 422 });
  expect(await visitor.fetch("/packing/packed", { id: "12344" })).toMatchObject({ status: 204 });
  expect(JSON.parse((await visitor.fetch("/packing/jobs")).text)[0]).toEqual({ id: "12344", item: "Moth net", isPacked: true });

  await visitor.fetch("/dialogs", { dialog: "prompt", answer: "Ariadne" });
  expect(office.answers).toEqual([{ dialog: "prompt", answer: "Ariadne" }]);
  await visitor.fetch("/contact", { subject: "Thread", text: "It is red." });
  expect(office.messages).toEqual([{ subject: "Thread", text: "It is red." }]);
  await visitor.fetch("/payments", { holder: "Ariadne", order: "12345", card: "4242" });
  expect(office.payments).toEqual([{ holder: "Ariadne", order: "12345", card: "4242" }]);
});

test("hands out 200 entries of activity, 20 at a time", async () => {
  await using office = await startBackOffice();
  const visitor = new Visitor(office.url);
  await visitor.logIn();
  const entriesAfter = async (after: number) => JSON.parse((await visitor.fetch(`/activity/entries?after=${after}`)).text);
  expect(await entriesAfter(180)).toHaveLength(20);
  expect((await entriesAfter(180)).at(-1)).toContain("Entry 200:");
  expect(await entriesAfter(200)).toEqual([]);
});

test.each([
  "/priorities",
  "/packing",
  "/activity",
  "/payments",
  "/payments/details",
  "/payments/card",
  "/contact",
  "/dialogs",
  "/reports",
  "/reports/sales",
  "/slow?ms=1",
])("%s is a page for who is logged in", async (path) => {
  await using office = await startBackOffice();
  const visitor = new Visitor(office.url);
  expect(await visitor.fetch(path)).toMatchObject({ status: 303, location: "/login" });
  await visitor.logIn();
  expect(await visitor.fetch(path)).toMatchObject({ status: 200, text: expect.stringContaining("<!doctype html>") });
});

test.each(["interstitial", "turnstile", "recaptcha", "hcaptcha"])("a challenge of the kind %s is told by its mark", async (kind) => {
  await using office = await startBackOffice();
  const { text } = await new Visitor(office.url).fetch(`/challenge?kind=${kind}&ms=50`);
  expect(text).toMatch(/Just a moment|cf-turnstile|g-recaptcha|h-captcha/);
  expect(text).toContain(`location.replace("/challenge/passed"), 50)`);
});
