import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startSite } from "../browser/site.fixture.ts";
import { PlaybookRoom } from "../playbook/playbook-room.fixture.ts";

let room: PlaybookRoom;
beforeAll(async () => {
  room = await PlaybookRoom.open();
});
afterAll(() => room[Symbol.asyncDispose]());

const send = `fetch("/in", { method: "POST", body: user.value + " " + pass.value }).then(() => { location = "/home" })`;
const news = `<form action="/news" method="post"><input type="email" name="email" placeholder="Your e-mail"><button type="submit">Subscribe</button></form>`;

/** Logs in on a page that looks like `html`; answers what the site was told, and the outcome. */
async function logInOn(html: string) {
  await using site = await startSite({ "/login": html, "/in": "", "/home": "<h1>Home</h1>" });
  const auth = { mode: "form_login", login_url: `${site.url}/login`, success: { url_contains: "/home", timeout_ms: 2_000 } };
  const playbookSource = JSON.stringify({ id: "entering", auth, steps: [{ action: "extract", selector: "h1" }] });
  const { outcome } = await room.run(playbookSource, { credentials: { username: "ariadne", password: "thread-of-red" } });
  return { told: site.bodies, asked: site.asked, outcome };
}

test.each([
  [
    "a form for news beside it, and fields without names",
    `${news}<form onsubmit='event.preventDefault(); ${send}'><input id="user"><input id="pass" type="password"><button>Enter</button></form>`,
  ],
  [
    "no form, and a button told by its words",
    `${news}<input id="user" name="username"><input id="pass" type="password"><button onclick='${send}'>Sign in</button>`,
  ],
  [
    "two buttons that send it, so that Enter is pressed",
    `<form onsubmit='event.preventDefault(); ${send}'><input id="user" name="username"><input id="pass" type="password">
<button type="submit">A</button><button type="submit">B</button></form>`,
  ],
  [
    "a form for new customers, whose password is another one",
    `<form onsubmit='event.preventDefault(); ${send}'><input id="user" autocomplete="username"><input id="pass" type="password" autocomplete="current-password"><button type="submit">Log in</button></form>
<form action="/join" method="post"><input name="username"><input type="password" autocomplete="new-password"><button type="submit">Join</button></form>`,
  ],
])("logs in where there is %s", async (_what, html) => {
  const { told, asked, outcome } = await logInOn(html);
  expect(outcome.state).toBe(Run_State.COMPLETED);
  expect(told).toEqual(["ariadne thread-of-red"]);
  expect(asked.filter((line) => line.startsWith("POST"))).toEqual(["POST /in"]);
});

test("enters nothing where it cannot tell which of two password boxes is meant", async () => {
  const form = `<form action="/in" method="post"><input type="password" name="a"><button type="submit">Go</button></form>`;
  const { told, outcome } = await logInOn(form + form);
  expect(outcome).toMatchObject({ state: Run_State.FAILED, outcome: { error: { reason: "AUTHENTICATION_FAILED" } } });
  expect(told).toEqual([]);
}, 60_000);

const credentials = { username: "ariadne", password: "thread-of-red" };
const steps = [{ action: "extract", selector: "h1" }];

test("a login that asks for the user first is no login because its address tells where to go next", async () => {
  const userFirst = `<form action="/password" method="post"><input name="username"><button type="submit">Next</button></form>`;
  await using site = await startSite({
    "/login": userFirst,
    "/sso": userFirst,
    "/password": `<form action="/in" method="post"><input type="password" name="password"><button type="submit">Log in</button></form>`,
    "/in": (_request, response) => void response.writeHead(303, { location: "/orders" }).end(),
    "/orders": "<h1>Orders</h1>",
  });
  for (const path of ["/login?next=/orders", "/sso?next=/orders"]) {
    const auth = { mode: "form_login", login_url: site.url + path, success: { url_contains: "/orders", timeout_ms: 5_000 } };
    const { outcome } = await room.run(JSON.stringify({ id: "entering", auth, steps }), { credentials });
    expect(outcome.state).toBe(Run_State.COMPLETED);
  }
  expect(site.bodies).toEqual(Array(2).fill(["username=ariadne", "password=thread-of-red"]).flat());
});

test("no credential is entered on a host that the login page only leads to, unless it is an allowed domain", async () => {
  await using other = await startSite({
    "/login": `<form action="/in" method="post"><input name="username"><input type="password" name="password"><button type="submit">Log in</button></form>`,
    "/in": "<h1>Thank you</h1>",
  });
  await using site = await startSite({
    "/login": (_request, response) => void response.writeHead(302, { location: `${other.url}/login` }).end(),
  });
  const auth = { mode: "form_login", login_url: `${site.url}/login`, success: { url_contains: "/in", timeout_ms: 5_000 } };
  const playbookSource = JSON.stringify({ id: "entering", auth, steps });
  const refused = await room.run(playbookSource, { credentials });
  expect(other.asked).toContain("GET /login");
  expect(other.bodies).toEqual([]);
  expect(refused.outcome).toMatchObject({ state: Run_State.FAILED, outcome: { error: { reason: "AUTHENTICATION_FAILED" } } });
  expect(refused.outcome.outcome.error?.message).toMatch(new RegExp(`${site.host} led to ${other.host}.*allowed_domains`));

  const guardrails = { allowPrivateNetworks: true, allowedDomains: ["127.0.0.1"] };
  await room.run(playbookSource, { credentials, spec: { guardrails } });
  expect(other.bodies).toEqual(["username=ariadne&password=thread-of-red"]);
});
