import { readFile } from "node:fs/promises";
import { type BackOffice, startBackOffice } from "@clew/back-office/back-office";
import { createLogger } from "@clew/process/logger";
import { type InputRequested, InputRequested_Kind, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { ActivePage } from "@clew/sandbox-agent/browser/active-page";
import type { BrowserSession } from "@clew/sandbox-agent/browser/browser-session";
import { PlaybookRoom, type PlaybookRun } from "@clew/sandbox-agent/playbook/playbook-room.fixture";
import { startWork, type Work } from "@clew/sandbox-agent/work";
import { askNobody, ReportInMemory, WorkRoom } from "@clew/sandbox-agent/work.fixture";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

let room: PlaybookRoom;
let office: BackOffice;
beforeAll(async () => {
  room = await PlaybookRoom.open();
});
afterAll(() => room[Symbol.asyncDispose]());
beforeEach(async () => {
  office = await startBackOffice();
});
afterEach(() => office[Symbol.asyncDispose]());

/** Answers what a work asks a person; `undefined` once nobody answers in time. */
type Answer = (asked: InputRequested) => string | undefined;

/** Runs a playbook to its end; answers what was said, and the login it ended with. */
async function run(playbookSource: string, options: PlaybookRun, answer: Answer = () => undefined) {
  let work: Work | undefined;
  const report = new ReportInMemory(({ payload }) => {
    if (payload.$case !== "inputRequested") return;
    const said = answer(payload.value);
    const input = { inputId: payload.value.inputId, answer: said ?? "", expired: said === undefined, lost: false };
    // Only once the work waits for it.
    setImmediate(() => work?.deliver(input));
  });
  work = await room.start(playbookSource, options, report);
  await work.done;
  return { report, login: work.login };
}

const credentials = { username: "demo", password: "demo" };

/** A playbook that logs in as `auth` says, and reads the heading of the page it is led to. */
const reading = (auth: object, more: object = {}) =>
  JSON.stringify({ id: "reading", auth, ...more, steps: [{ action: "extract", selector: "h1", store_as: "heading" }] });

const form = (path = "/login", success: object = { url_contains: "/orders" }) => ({
  mode: "form_login",
  login_url: office.url + path,
  success,
});

const completed = { state: Run_State.COMPLETED, outcome: { data: { heading: "Orders" } } };
const failedLogin = (message: unknown) => ({
  state: Run_State.FAILED,
  outcome: { error: { reason: "AUTHENTICATION_FAILED", message } },
});

test("logs in by the form, each action in the journal before it is done, and the password in none", async () => {
  const { report } = await run(reading(form()), { credentials: { username: "demo", password: "demo" } });
  expect(report.outcome).toMatchObject(completed);
  expect(office.logins).toEqual([{ user: "demo", way: "form", accepted: true }]);
  expect(report.all("actionStarted").map(({ stepId, inputSummary }) => [stepId, inputSummary.split(" ").slice(0, 3).join(" ")])).toEqual([
    ["login", `navigate to ${office.url}/login`],
    ["login", "type credential 'username'"],
    ["login", "type credential 'password'"],
    ["login", "click 'button[type=submit] in"],
    ["step-1", "extract text from"],
  ]);
  expect(report.confirmed.map(({ payload }) => payload.$case)).toEqual(Array(3).fill("actionStarted"));
  expect(JSON.stringify(report.events)).not.toContain("demo");
});

test("takes the e-mail where there is no user, and a password that is asked for on a page of its own", async () => {
  const { report } = await run(reading(form("/login/two-step")), { credentials: { email: "demo", password: "demo" } });
  expect(report.outcome).toMatchObject(completed);
  expect(office.logins).toEqual([{ user: "demo", way: "two-step", accepted: true }]);
});

test("a login that failed fails the run, before its first step, and says what was seen", async () => {
  const { report } = await run(reading(form()), { credentials: { ...credentials, password: "wrong-one" } });
  expect(report.outcome).toMatchObject(failedLogin(expect.stringMatching(/does not contain '\/orders'; the page says 'wrong user'/)));
  expect(report.all("stepStarted")).toEqual([]);
  expect(JSON.stringify(report.events)).not.toContain("wrong-one");
});

test("without criteria, a login worked once its address is left, no password is asked for and no error is said", async () => {
  const { login_url, mode } = form();
  const { report } = await run(reading({ mode, login_url }), { credentials });
  expect(report.outcome).toMatchObject(completed);
});

test("[weakness 37] a page without a password box is not taken for a login that worked, and the failure is not ignored", async () => {
  const { login_url, mode } = form();
  const { report } = await run(reading({ mode, login_url }), { credentials: { ...credentials, username: "locked" } });
  expect(report.all("pageChanged").at(-1)?.url).toBe(`${office.url}/account`);
  expect(report.outcome).toMatchObject(failedLogin("The login did not work: the page says 'wrong password'."));
  expect(report.all("stepStarted")).toEqual([]);
});

test.each([
  ["user", { password: "demo" }, "The run was given no credential 'username' or 'email'."],
  ["password", { username: "demo" }, "The run was given no credential 'password'."],
])("says that there is no %s to log in with", async (_name, given, message) => {
  const { report } = await run(reading(form()), { credentials: given });
  expect(report.outcome).toMatchObject(failedLogin(message));
});

test("asks a person for the one-time code, again where it was wrong, and tells nobody what it was", async () => {
  const [code = ""] = office.codes;
  const answers = ["000111", code];
  const prompts: string[] = [];
  const { report } = await run(
    reading(form("/login/with-code")),
    { credentials, spec: { waitForPersonSeconds: 60 } },
    ({ kind, prompt }) => {
      expect(kind).toBe(InputRequested_Kind.SECRET);
      prompts.push(prompt);
      return answers.shift();
    },
  );
  expect(report.outcome).toMatchObject(completed);
  expect(prompts).toEqual(["The login asks for a one-time code.", "The login asks for a one-time code. The last one was not accepted."]);
  expect(office.logins.map(({ accepted }) => accepted)).toEqual([false, true]);
  expect(JSON.stringify(report.events)).not.toMatch(new RegExp(`${code}|000111`));
});

test.each([
  ["is there", 0, "give the run waitForPersonSeconds"],
  ["answers", 60, "nobody answered in time"],
])("a one-time code that nobody %s for fails the login", async (_name, waitForPersonSeconds, message) => {
  const { report } = await run(reading(form("/login/with-code")), { credentials, spec: { waitForPersonSeconds } });
  expect(report.outcome).toMatchObject(failedLogin(expect.stringContaining(message)));
});

/** A login of the back office as a person would answer it. */
async function stateOf(url: string): Promise<string> {
  const body = new URLSearchParams(credentials);
  const response = await fetch(`${url}/login`, { method: "POST", body, redirect: "manual" });
  const value = /session=([^;]+)/.exec(response.headers.getSetCookie()[0] ?? "")?.[1] ?? "";
  const origins = [url, "https://elsewhere.example"].map((origin) => ({ origin, localStorage: [{ name: "theme", value: "dark" }] }));
  return JSON.stringify({ cookies: [{ name: "session", value, domain: "127.0.0.1", path: "/" }], origins });
}

const manual = () => ({ mode: "manual", login_url: `${office.url}/orders`, success: { element_visible: "#orders", timeout_ms: 3_000 } });

test("manual: a person's browser state logs in, cookies and storage, and no byte of it is told", async () => {
  const state = await stateOf(office.url);
  const capture = { storage: [{ key: "theme", store_as: "theme" }] };
  const guardrails = { allowedPrivateHosts: [new URL(office.url).host], blockedDomains: ["elsewhere.example"] };
  const { report } = await run(reading(manual(), { capture }), { spec: { waitForPersonSeconds: 60, guardrails } }, ({ kind }) =>
    kind === InputRequested_Kind.BROWSER_STATE ? state : undefined,
  );
  expect(report.outcome).toMatchObject(completed);
  expect(JSON.stringify(report.events)).not.toContain(JSON.parse(state).cookies[0].value);
});

test("manual: with a window, a person takes over in it", async () => {
  await using own = await WorkRoom.open();
  let active: ActivePage | undefined;
  const browser: BrowserSession = {
    ...own.browser,
    isHeaded: true,
    openPage: async (options) => {
      active = await own.browser.openPage(options);
      return active;
    },
  };
  let work: Work | undefined;
  const report = new ReportInMemory(async ({ payload }) => {
    if (payload.$case !== "inputRequested" || active === undefined) return;
    expect(payload.value.kind).toBe(InputRequested_Kind.TAKE_OVER);
    for (const label of ["User", "Password"]) await active.page.getByLabel(label).fill("demo");
    await active.page.getByRole("button").click();
    setImmediate(() => work?.deliver({ inputId: payload.value.inputId, answer: "approve", expired: false, lost: false }));
  });
  const request = StartWorkRequest.fromPartial({
    runId: "run-0",
    attempt: 1,
    playbookSource: reading(manual()),
    spec: { waitForPersonSeconds: 60, guardrails: { allowPrivateNetworks: true }, recording: { trace: false } },
  });
  const log = createLogger({ name: "test", level: "silent" });
  work = startWork({ request, browser, report, workFolder: own.folder, askWarden: askNobody, log });
  await work.done;
  expect(report.outcome).toMatchObject(completed);
});

test("manual: a person may decline", async () => {
  const { report } = await run(reading(manual()), { spec: { waitForPersonSeconds: 60 } }, () => "deny");
  expect(report.outcome).toMatchObject({ state: Run_State.FAILED, outcome: { error: { reason: "INPUT_DENIED" } } });
});

test.each([
  ["nobody is there", 0, "", "nobody is there"],
  ["what is answered is no state", 60, "hello", "no browser state"],
  ["the state is not logged in", 60, '{"cookies":[],"origins":[]}', "The login did not work: '#orders' is not visible"],
])("manual: fails where %s", async (_name, waitForPersonSeconds, answer, message) => {
  const { report } = await run(reading(manual()), { spec: { waitForPersonSeconds } }, () => answer);
  expect(report.outcome).toMatchObject(failedLogin(expect.stringContaining(message)));
});

test("a saved login is used instead of the form, and handed out anew", async () => {
  const browserState = await stateOf(office.url);
  const spec = { browserState: "office", startUrl: `${office.url}/orders` };
  const first = await run(reading(form()), { credentials, browserState, spec });
  expect(first.report.outcome).toMatchObject(completed);
  expect(office.logins).toHaveLength(1);
  expect(first.login.loggedOut).toBe(false);
  expect(JSON.parse(first.login.browserState ?? "")).toMatchObject({ cookies: JSON.parse(browserState).cookies });
  const { value } = JSON.parse(browserState).cookies[0];
  expect(JSON.stringify(first.report.events)).not.toContain(value);
});

test("a saved login that is logged out makes way for a new one, or is to be forgotten", async () => {
  const browserState = await stateOf(office.url);
  office.endSessions();
  const spec = { browserState: "office", startUrl: `${office.url}/orders` };
  const renewed = await run(reading(form()), { credentials, browserState, spec });
  expect(renewed.report.outcome).toMatchObject(completed);
  expect(office.logins.map(({ way }) => way)).toEqual(["form", "form"]);
  expect(renewed.login).toMatchObject({ loggedOut: true, browserState: expect.stringContaining("session") });

  const success = { element_visible: "#orders", timeout_ms: 500 };
  const refused = await run(reading({ mode: "none", success }), { browserState, spec });
  expect(refused.report.outcome).toMatchObject(failedLogin(expect.stringContaining("'#orders' is not visible")));
  expect(refused.login).toEqual({ loggedOut: true });
});

test("no login is handed out where none is wanted, nor by a run that logged out", async () => {
  const kept = await run(reading(form()), { credentials });
  expect(kept.login).toEqual({ loggedOut: false });
  const steps = [{ action: "click", selector: "role=button[name='Log out']", verify: { expect_url_contains: "/login" } }];
  const playbookSource = JSON.stringify({ id: "leaving", auth: form(), steps });
  const left = await run(playbookSource, { credentials, spec: { browserState: "office" } });
  expect(left.report.outcome.state).toBe(Run_State.COMPLETED);
  expect(left.login).toEqual({ loggedOut: false });
});

test("what is captured of the login is for the steps and the requests, and is a secret", async () => {
  const capture = {
    cookies: [{ name: "session", store_as: "session", domain: "127.0.0.1" }],
    storage: [{ key: "csrf", store_as: "csrf" }],
    static_headers: { "X-CSRF-Token": "{csrf}" },
  };
  const steps = [
    {
      action: "api_request",
      request: { method: "POST", url: `${office.url}/api/orders/12345/cancel`, response: { mode: "json_path", json_path: "cancellation" } },
      store_as: "number",
    },
    {
      action: "api_request",
      request: { url: `${office.url}/api/orders`, query: { q: "{csrf}" }, response: { mode: "json_path", json_path: "total" } },
      store_as: "found",
    },
  ];
  const playbookSource = JSON.stringify({ id: "cancelling", auth: form(), capture, steps });
  const { report } = await run(playbookSource, { credentials });
  expect(report.outcome).toMatchObject({ state: Run_State.COMPLETED, outcome: { data: { number: "C-12345-001" } } });
  expect(office.orders.get("12345")).toMatchObject({ status: "cancelled" });
  expect(office.calls).toEqual([{ method: "POST", path: "/api/orders/12345/cancel", status: 200 }]);
  // The session and its token are UUIDs, and nothing else is.
  expect(JSON.stringify(report.events)).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}/);
});

test("the example of docs/logins.md cancels an order through the API", async () => {
  const page = await readFile(new URL("../../docs/logins.md", import.meta.url), "utf8");
  const playbookSource = /<!-- example -->\n```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  const spec = { params: { order_id: 12346, base_url: office.url } };
  const { report } = await run(playbookSource, { credentials, spec });
  expect(report.outcome).toMatchObject({ state: Run_State.COMPLETED, outcome: { data: { cancellation: "C-12346-001" } } });
  expect(office.orders.get("12346")?.status).toBe("cancelled");
});

test("says all that there was nothing to capture of", async () => {
  const capture = {
    cookies: [{ name: "session", store_as: "session", domain: "27.0.0.1" }],
    storage: [{ key: "token", store_as: "token", scope: "session" }],
  };
  const { report } = await run(reading(form(), { capture }), { credentials });
  expect(report.outcome).toMatchObject(
    failedLogin(
      "The login left nothing to capture: there is no cookie 'session' of 27.0.0.1; there is no 'token' in the session storage of the page.",
    ),
  );
});
