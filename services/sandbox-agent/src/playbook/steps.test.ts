import { Effect, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Site, startSite } from "../browser/site.fixture.ts";
import { ReportInMemory } from "../work.fixture.ts";
import { PlaybookRoom, type PlaybookRun } from "./playbook-room.fixture.ts";

const counter = `<button onclick="fetch('/press', { method: 'POST', body: 'pressed' }); this.textContent = 'Pressed'">Press</button>`;
const page = `<title>Orders</title><h1>Orders</h1><p id="total"> 12.50 </p><p id="count">3</p><p id="note">12,5 kg</p>
<form method="post" action="/sent"><input name="q"><input name="p" type="password"><button>Send</button></form>`;

let site: Site;
let room: PlaybookRoom;
let presses: number;

beforeAll(async () => {
  [site, room] = await Promise.all([
    startSite({
      "/": page,
      "/counter": counter,
      "/press": () => {
        presses++;
        return "";
      },
      "/late": "<h1>Late</h1><script>setTimeout(() => document.body.append('It is there'), 700)</script>",
      "/popup": `<a href="/late" target="_blank">Open</a>`,
      "/sent": "<h1>Sent</h1>",
    }),
    PlaybookRoom.open(),
  ]);
});

afterAll(async () => {
  await room[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

beforeEach(() => {
  presses = 0;
});

const run = (path: string, rest: string, given: PlaybookRun = {}, report = new ReportInMemory()) =>
  room.run(`start_url: "${site.url}${path}"\n${rest}`, given, report);

test("keeps what it finds as what the step says it is", async () => {
  const report = await run(
    "/",
    `
steps:
  - { action: extract, selector: "#total", store_as: total, store_type: number }
  - { action: extract, selector: "#count", store_as: count, store_type: integer }
  - { action: extract, selector: h1, store_as: title }
  - { action: key_press, selector: "[name=q]", params: { text: "{total} {count} {title}" } }
  - { action: extract, selector: "[name=q]", params: { mode: value }, store_as: typed }`,
  );
  expect(report.outcome.outcome.data).toEqual({ total: 12.5, count: 3, title: "Orders", typed: "12.5 3 Orders" });
});

test("fails a step that finds something else than it is to keep, after one more look", async () => {
  const report = await run("/", `steps: [{ action: extract, selector: "#note", store_as: weight, store_type: number }]`);
  expect(report.outcome.outcome).toMatchObject({
    error: { reason: "VERIFICATION_FAILED", message: "The text found is not a number such as 12.5: '12,5 kg'." },
  });
  expect(report.outcome.outcome.data).toBeUndefined();
  expect(report.all("actionCompleted").filter(({ action }) => action === "extract")).toHaveLength(2);
});

const wrong = "verify: { expect_text_on_page: Nothing of the kind, timeout_ms: 100 }";

test.each([
  ["write", "", 1],
  ["write", "on_failure: retry,", 2],
  ["commit", "on_failure: retry,", 1],
  ["read", "", 2],
])("[weakness 34] clicks again only where that is meant: effect %s, %s", async (effect, policy, times) => {
  const report = await run("/counter", `steps: [{ action: click, selector: button, effect: ${effect}, ${policy} ${wrong} }]`);
  expect(report.outcome.outcome.error).toMatchObject({ reason: "VERIFICATION_FAILED" });
  expect(presses).toBe(times);
});

test("tries again a commit that never reached the browser", async () => {
  const report = await run("/late", `steps: [{ action: click, selector: h2, effect: commit, on_failure: retry }]`);
  expect(report.outcome.outcome.error).toMatchObject({ reason: "SELECTOR_NOT_FOUND" });
  expect(report.all("actionCompleted").map(({ action, effect }) => [action, effect])).toEqual([
    ["goto", Effect.READ],
    ["click", Effect.COMMIT],
    ["click", Effect.COMMIT],
  ]);
});

test("ends with what failed both times, when it failed in different ways", async () => {
  const report = await run(
    "/counter",
    `
steps:
  - action: execute_sequence
    on_failure: retry
    steps:
      - { action: click, selector: "button:text-is('Press')" }
      - { action: click, selector: "#missing" }`,
  );
  const message = report.outcome.outcome.error?.message ?? "";
  expect(message).toMatch(/button:text-is\('Press'\).* Before that: .*#missing/);
  expect(presses).toBe(1);
});

test("does a sequence as one step, and announces each of its actions before it acts", async () => {
  const heard: number[] = [];
  const asked = site.bodies.length;
  const report = new ReportInMemory(({ payload }) => {
    if (payload.$case === "actionStarted" && payload.value.effect === Effect.COMMIT) heard.push(site.bodies.length - asked);
  });
  await run(
    "/",
    `
steps:
  - action: execute_sequence
    effect: commit
    store_as: title
    steps:
      - { action: extract, selector: "#count" }
      - { action: key_press, selector: "[name=q]", params: { text: x } }
      - { action: click, selector: button }
      - { action: extract, selector: h1 }
    verify: { expect_text_on_page: Sent }`,
    {},
    report,
  );
  expect(report.outcome).toMatchObject({ state: Run_State.COMPLETED, outcome: { data: { title: "Sent" }, extractedTexts: ["3", "Sent"] } });
  expect(report.all("actionCompleted").map(({ stepId, action, effect }) => [stepId, action, effect])).toEqual([
    ["start", "goto", Effect.READ],
    ["step-1", "extract", Effect.READ],
    ["step-1", "key_press", Effect.COMMIT],
    ["step-1", "click", Effect.COMMIT],
    ["step-1", "extract", Effect.READ],
  ]);
  expect(report.all("stepStarted").map(({ stepId, action }) => [stepId, action])).toEqual([["step-1", "execute_sequence"]]);
  expect(heard).toEqual([0, 0]);
  expect(site.bodies.slice(asked)).toEqual(["q=x&p="]);
});

test("verifies the page that is open now, also one that opened meanwhile, until its time is over", async () => {
  const report = await run(
    "/popup",
    `steps: [{ action: click, selector: a, verify: { expect_text_on_page: It is there, timeout_ms: 5000 } }]`,
  );
  expect(report.outcome.state).toBe(Run_State.COMPLETED);
});

const secret = "hunter2-hunter2";

test("takes a secret parameter from the credentials, puts it where it is named, and shows it nowhere", async () => {
  const report = await run(
    "/",
    `
parameters: [{ name: pass, secret: true }, { name: who, secret: true }]
steps:
  - { action: key_press, selector: "[name=p]", params: { text: "{pass}" } }
  - { action: key_press, selector: "[name=q]", params: { text: "I am {who}" }, description: "Say {who}" }
  - { action: click, selector: button, verify: { expect_url_contains: "{who}", timeout_ms: 100 }, failure_message: "Not {who}." }`,
    { credentials: { pass: secret, who: "ada-lovelace" } },
  );
  expect(site.bodies.at(-1)).toBe(`q=I+am+ada-lovelace&p=${secret}`);
  expect(report.all("actionStarted").map(({ inputSummary }) => inputSummary)).toContain("type credential 'pass' into '[name=p]'");
  expect(report.outcome.outcome.error?.message).toBe("Not [redacted].");
  expect(JSON.stringify(report.events)).not.toMatch(/hunter2|lovelace/);
});

test("fails before the first step where a secret is missing", async () => {
  const report = await run("/", `parameters: [{ name: pass, secret: true }]\nsteps: [{ action: extract, selector: "#{pass}" }]`);
  expect(report.outcome.outcome.error).toMatchObject({ message: "credentials.pass: is missing" });
  expect(report.all("actionStarted")).toEqual([]);
});

test("succeeds only where all checks hold, names each that does not, and keeps the outcome", async () => {
  const steps = `
steps: [{ action: extract, selector: "#count", store_as: count }]
checks:
  - { name: three orders, value: "{count}", equals: "3" }
  - { name: a headline, element_visible: { role: heading, name: Orders }, text_on_page: "{count}" }`;
  const good = await run("/", steps);
  expect(good.outcome.state).toBe(Run_State.COMPLETED);

  const spec = {
    checks: [
      { name: "no {form}", elementGone: "form" },
      { name: "sent", urlContains: "/sent", textOnPage: "Sent" },
    ],
  };
  const bad = await run("/", steps, { spec });
  expect(bad.outcome).toMatchObject({
    state: Run_State.FAILED,
    outcome: {
      data: { count: "3" },
      error: {
        reason: "CHECK_FAILED",
        message: `2 of 4 checks failed: 'no {form}' ('form' is still visible), 'sent' (the address ${site.url}/ does not contain '/sent'; the text 'Sent' is not on the page).`,
        details: { checks: "no {form}, sent" },
      },
    },
  });
});

test("waits for a check to come true", async () => {
  const report = await run("/late", `steps: [{ action: extract, selector: h1 }]\nchecks: [{ name: there, text_on_page: It is there }]`);
  expect(report.outcome.state).toBe(Run_State.COMPLETED);
});

test("holds the outcome's data to the run's output schema", async () => {
  const outputSchema = { type: "object", required: ["total"], properties: { total: { type: "number" } } };
  const extract = (type: string) => `steps: [{ action: extract, selector: "#total", store_as: total${type} }]`;
  const [good, bad, broken] = [
    await run("/", extract(", store_type: number"), { spec: { outputSchema } }),
    await run("/", extract(""), { spec: { outputSchema } }),
    await run("/", extract(""), { spec: { outputSchema: { type: "nothing" } } }),
  ];
  expect(good.outcome.state).toBe(Run_State.COMPLETED);
  expect(bad.outcome).toMatchObject({
    state: Run_State.FAILED,
    outcome: {
      data: { total: "12.50" },
      error: { reason: "OUTPUT_INVALID", message: "The outcome's data is not what outputSchema asks for: data.total must be number." },
    },
  });
  expect(broken.outcome.outcome.error).toMatchObject({ reason: "INVALID_REQUEST" });
  expect(broken.all("actionStarted")).toEqual([]);
});
