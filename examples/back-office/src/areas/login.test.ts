import { expect, test } from "vitest";
import { startBackOffice } from "../back-office.ts";
import { Visitor } from "../visitor.fixture.ts";

test("lets demo in by the form, and nobody else", async () => {
  await using office = await startBackOffice();
  const visitor = new Visitor(office.url);
  expect(await visitor.fetch("/orders")).toMatchObject({ status: 303, location: "/login" });
  expect(await visitor.fetch("/login", { username: "demo", password: "x" })).toMatchObject({
    status: 401,
    text: expect.stringContaining("Wrong user"),
  });
  expect(await visitor.fetch("/login", { username: "demo", password: "demo" })).toMatchObject({ status: 303, location: "/orders" });
  expect((await visitor.fetch("/orders")).text).toContain("Log out");
  expect(office.logins).toEqual([
    { user: "demo", way: "form", accepted: false },
    { user: "demo", way: "form", accepted: true },
  ]);
});

test("asks for the password on a page of its own", async () => {
  await using office = await startBackOffice();
  const visitor = new Visitor(office.url);
  expect((await visitor.fetch("/login/two-step")).text).not.toContain("password");
  expect((await visitor.fetch("/login/two-step", { username: "demo" })).text).toContain('type="password"');
  expect(await visitor.fetch("/login/two-step/password", { username: "demo", password: "demo" })).toMatchObject({ location: "/orders" });
});

test("takes each one-time code once, and none before the password", async () => {
  await using office = await startBackOffice();
  const visitor = new Visitor(office.url);
  const [code = ""] = office.codes;
  expect(await visitor.fetch("/login/code", { code })).toMatchObject({ location: "/login/with-code" });
  await visitor.fetch("/login/with-code", { username: "demo", password: "demo" });
  expect(await visitor.fetch("/login/code", { code: "000000" })).toMatchObject({ status: 401 });
  expect(await visitor.fetch("/login/code", { code })).toMatchObject({ location: "/orders" });
  expect(office.codes).not.toContain(code);
  expect(await visitor.fetch("/login/code", { code })).toMatchObject({ status: 401 });
});

test("a logout, and the end of all sessions, lead back to the login", async () => {
  await using office = await startBackOffice();
  const visitor = new Visitor(office.url);
  await visitor.logIn();
  expect(await visitor.fetch("/logout", {})).toMatchObject({ location: "/login" });
  expect(office.logouts).toEqual(["demo"]);
  expect(await visitor.fetch("/orders")).toMatchObject({ location: "/login" });
  await visitor.logIn();
  office.endSessions();
  expect(await visitor.fetch("/orders")).toMatchObject({ location: "/login" });
});
