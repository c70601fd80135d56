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
