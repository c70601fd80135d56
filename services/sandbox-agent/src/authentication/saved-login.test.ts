import { KnownSecrets } from "@clew/playbook/known-secrets";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startSite } from "../browser/site.fixture.ts";
import { PlaybookRoom } from "../playbook/playbook-room.fixture.ts";
import { ReportInMemory } from "../work.fixture.ts";
import { SavedLogin } from "./saved-login.ts";

let room: PlaybookRoom;
beforeAll(async () => {
  room = await PlaybookRoom.open();
});
afterAll(() => room[Symbol.asyncDispose]());

const browserState = JSON.stringify({
  cookies: [{ name: "session", value: "a-good-session", domain: "127.0.0.1", path: "/" }],
  origins: [],
});

test.each([
  ["on a page to change the password", false, "/account"],
  ["on a login's address where the author's criteria hold", false, "/login/devices"],
  ["at the login", true, "/login"],
])("a run that ends %s has lost its login: %s", async (_where, loggedOut, path) => {
  await using site = await startSite({
    "/home": "<h1 id=me>Home</h1>",
    "/account": "<h1>New password</h1><input type=password>",
    "/login/devices": "<h1 id=me>Devices</h1>",
    "/login": "<h1>Log in</h1><input type=password>",
  });
  const report = new ReportInMemory();
  const playbookSource = JSON.stringify({
    id: "ending",
    start_url: `${site.url}/home`,
    auth: { mode: "none", success: { element_visible: "#me", timeout_ms: 2_000 } },
    steps: [{ action: "goto", params: { url: site.url + path } }],
  });
  const work = await room.start(playbookSource, { browserState, spec: { browserState: "office" } }, report);
  await work.done;
  expect(report.all("stepCompleted").at(-1)?.success).toBe(true);
  expect(work.login.loggedOut).toBe(loggedOut);
});

test("a called playbook's login says nothing of the one the run began with", async () => {
  await using site = await startSite({ "/home": "<h1 id=me>Home</h1>", "/other": "<h1>Other</h1>" });
  const called = {
    id: "other",
    start_url: `${site.url}/other`,
    auth: { mode: "none", success: { element_visible: "#other", timeout_ms: 500 } },
    steps: [{ action: "extract", selector: "h1" }],
  };
  const playbookSource = JSON.stringify({
    id: "calling",
    start_url: `${site.url}/home`,
    auth: { mode: "none", success: { element_visible: "#me", timeout_ms: 2_000 } },
    steps: [{ action: "call", call: "other" }],
  });
  const calledPlaybooks = { other: JSON.stringify(called) };
  const report = new ReportInMemory();
  const work = await room.start(playbookSource, { browserState, calledPlaybooks, spec: { browserState: "office" } }, report);
  await work.done;
  expect(report.outcome.outcome.error?.reason).toBe("AUTHENTICATION_FAILED");
  expect(work.login.loggedOut).toBe(false);
});

test("what cannot be read as a login is none any more", () => {
  const login = new SavedLogin({ text: "no state", isKept: true, secrets: new KnownSecrets([]) });
  expect(login.told).toEqual({ loggedOut: true });
});
