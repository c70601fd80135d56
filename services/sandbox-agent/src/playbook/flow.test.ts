import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Site, startSite } from "../browser/site.fixture.ts";
import { ReportInMemory } from "../work.fixture.ts";
import { PlaybookRoom, type PlaybookRun } from "./playbook-room.fixture.ts";

const page = `<title>Orders</title><h1>Orders</h1><p id="status">open</p><ul><li>7</li><li>8</li></ul>
<a href="/done">Finish</a><button onclick="document.body.dataset.n = 1 + Number(document.body.dataset.n ?? 0); this.textContent = 'Pressed ' + document.body.dataset.n">Press</button>
<input name="q" onchange="document.querySelector('#typed').textContent += this.value + ';'"><p id="typed"></p>`;

let site: Site;
let room: PlaybookRoom;

beforeAll(async () => {
  [site, room] = await Promise.all([
    startSite({ "/": page, "/done": "<h1>It is done</h1>", "/log-in": "<h1>Hello</h1><p id='who'>demo</p>" }),
    PlaybookRoom.open(),
  ]);
});

afterAll(async () => {
  await room[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

const run = (steps: string, { spec, ...rest }: PlaybookRun = {}) =>
  room.run(`start_url: "${site.url}"\n${steps}`, { ...rest, spec: { ...spec } });

test("takes the branch whose condition holds on the page, and names each step by the way to it", async () => {
  const report = await run(`
steps:
  - if: { element_visible: "#status", text_on_page: Orders }
    then:
      - { action: extract, selector: "#status", store_as: status }
      - if: { value: "{status}", not_equals: open }
        then: [{ action: extract, store_as: never }]
        else: [{ action: extract, selector: h1, store_as: heading }]
  - if: { url_contains: /nowhere }
    then: [{ action: extract, store_as: never }]
    description: Leave it out`);
  expect(report.outcome).toMatchObject({ state: Run_State.COMPLETED, outcome: { data: { status: "open", heading: "Orders" } } });
  expect(report.all("stepCompleted").map(({ stepId, stepIndex, action, skipped }) => [stepId, stepIndex, action, skipped])).toEqual([
    ["step-1.then-1", 0, "extract", false],
    ["step-1.then-2.else-1", 0, "extract", false],
    ["step-1.then-2", 0, "if", false],
    ["step-1", 0, "if", false],
    ["step-2", 1, "if", true],
  ]);
  expect(report.all("runStarted")).toMatchObject([{ stepCount: 2 }]);
});

test("waits for a condition as long as it may", async () => {
  const report = await run(`
steps:
  - { action: goto, params: { url: "${site.url}/?later" } }
  - if: { text_on_page: Nothing of the kind, timeout_ms: 300 }
    then: [{ action: extract, store_as: yes }]
    else: [{ action: extract, selector: h1, store_as: no }]`);
  expect(report.outcome.outcome.data).toEqual({ no: "Orders" });
});

test("fails where a condition cannot be looked at, instead of taking it for false", async () => {
  const report = await run(`
steps:
  - if: { element_visible: "button:no-such" }
    then: [{ action: extract, store_as: never }]
    else: [{ action: extract, store_as: never_either }]`);
  expect(report.outcome).toMatchObject({
    state: Run_State.FAILED,
    outcome: { error: { message: expect.stringContaining("'button:no-such' of the condition is not valid") } },
  });
  expect(report.all("stepStarted")).toHaveLength(1);
});

test("opens a called playbook's start page in every round, whatever the last one left on it", async () => {
  const fill = `id: fill
start_url: "${site.url}/?form"
steps:
  - { action: extract, selector: input, params: { mode: value }, store_as: found }
  - { action: key_press, selector: input, params: { text: left over } }`;
  const report = await run(
    `
steps:
  - for_each: round
    in: [a, b]
    steps: [{ call: fill, outputs: { found: found } }]`,
    { calledPlaybooks: { fill } },
  );
  expect(report.outcome).toMatchObject({ state: Run_State.COMPLETED, outcome: { extractedTexts: ["", ""] } });
});

test("runs steps once for each value: of a list, of a parameter, of what was found", async () => {
  const report = await run(
    `
parameters: [{ name: ids, type: list }]
steps:
  - for_each: id
    in: "{ids}"
    steps: [{ action: key_press, selector: input, params: { text: "{id}", key: Tab } }]
  - { action: extract, selector: ul, store_as: lines }
  - for_each: id
    in: "{lines}"
    steps:
      - { action: key_press, selector: input, params: { text: "{id}", key: Tab } }
      - { action: extract, selector: "li:text-is('{id}')", store_as: last }
  - { for_each: id, in: [x, "{last}"], steps: [{ action: key_press, selector: input, params: { text: "{id}", key: Tab } }] }
  - { for_each: id, in: "", steps: [{ action: extract }] }
  - { action: extract, selector: "#typed", store_as: typed }`,
    { spec: { params: { ids: ["a,b", "{c}"] } } },
  );
  expect(report.outcome.outcome).toMatchObject({ data: { typed: "a,b;{c};7;8;x;8;", last: "8" } });
  const ids = report.all("stepCompleted").map(({ stepId, skipped }) => (skipped ? `${stepId} skipped` : stepId));
  expect(ids).toEqual(expect.arrayContaining(["step-1.1.steps-1", "step-1.2.steps-1", "step-3.2.steps-2", "step-5 skipped"]));
  expect(new Set(ids).size).toBe(ids.length);
  const said = report.all("stepStarted").map(({ stepId, description }) => `${stepId} ${description}`);
  expect(said, "a round says its value, where its step does not").toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^step-1\.1\.steps-1 .*\(a,b\)$/),
      expect.stringMatching(/^step-1\.2\.steps-1 .*\(\{c\}\)$/),
    ]),
  );
  expect(said.find((line) => line.startsWith("step-3.2.steps-2 "))).not.toMatch(/8.*\(8\)$/);
});

test("says a round's value also where it is a part of another word of the step", async () => {
  const report = await run(`
steps:
  - { for_each: id, in: ["1", "11"], steps: [{ action: extract, selector: ul, description: "Read row 11" }] }`);
  expect(report.all("stepStarted").map(({ description }) => description)).toEqual(
    expect.arrayContaining(["Read row 11 (1)", "Read row 11"]),
  );
});

test("gives an outer loop its value back, and stops waiting for a condition when the run is stopped", async () => {
  const waiting = Promise.withResolvers<void>();
  const report = new ReportInMemory(({ payload }) => {
    if (payload.$case === "stepStarted" && payload.value.stepId === "step-2") waiting.resolve();
  });
  const work = await room.start(
    `start_url: "${site.url}"
steps:
  - for_each: id
    in: [a]
    steps:
      - { for_each: id, in: [b], steps: [{ action: key_press, selector: input, params: { text: "{id}", key: Tab } }] }
      - { action: key_press, selector: input, params: { text: "{id}", key: Tab } }
      - { action: extract, selector: "#typed", store_as: typed }
  - { if: { text_on_page: Nothing of the kind, timeout_ms: 60000 }, then: [{ action: extract }] }`,
    {},
    report,
  );
  await waiting.promise;
  expect(await work.stop(60_000)).toMatchObject({ summary: "Stopped after 1 of 2 steps.", data: { typed: "b;a;" } });
  await work.done;
});

test("stops waiting for what a step is verified by when the run is stopped", async () => {
  const acted = Promise.withResolvers<void>();
  const report = new ReportInMemory(({ payload }) => {
    if (payload.$case === "actionCompleted" && payload.value.stepId === "step-1") acted.resolve();
  });
  const work = await room.start(
    `start_url: "${site.url}"
steps:
  - { action: click, selector: button, verify: { expect_text_on_page: Nothing of the kind, timeout_ms: 15000 } }`,
    {},
    report,
  );
  await acted.promise;
  await work.stop(60_000);
  await work.done;
  expect(report.all("stepCompleted")).toMatchObject([{ success: false, error: { reason: "TERMINATED" } }]);
});

test("refuses a longer list than the limit before the first round", async () => {
  const report = await run(`
steps:
  - { for_each: id, in: [a, b, c], limit: 2, steps: [{ action: click, selector: button }] }`);
  expect(report.outcome).toMatchObject({
    state: Run_State.FAILED,
    outcome: { error: { reason: "STEP_FAILED", message: "The list for 'id' has 3 values, and its limit is 2." } },
  });
  expect(report.all("actionStarted").map(({ action }) => action)).toEqual(["goto"]);
});

test("fails with the words and the picture of the step within that failed", async () => {
  const report = await run(`
steps:
  - for_each: id
    in: ["7", "9"]
    description: Look at each
    steps: [{ action: extract, selector: "li:text-is('{id}')", on_failure: abort, failure_message: "There is no {id}." }]`);
  expect(report.outcome.outcome).toMatchObject({
    summary: "Step 1 of 1 (Look at each) failed: There is no 9.",
    error: { reason: "SELECTOR_NOT_FOUND", message: "There is no 9.", details: { step: "1", stepId: "step-1.2.steps-1" } },
  });
  expect(report.all("stepCompleted").map(({ stepId, success, screenshot }) => [stepId, success, screenshot])).toEqual([
    ["step-1.1.steps-1", true, undefined],
    ["step-1.2.steps-1", false, "failure-step-1.2.steps-1.jpg"],
    ["step-1", false, undefined],
  ]);
});

const logIn = `
id: log-in
start_url: "{base}/log-in"
parameters: [{ name: base }, { name: user, pattern: "[a-z]+" }, { name: token, secret: true }]
steps:
  - { action: extract, selector: "#who", store_as: who }
  - { action: extract, selector: h1, store_as: greeting }
checks: [{ name: is logged in, text_on_page: "{user}", timeout_ms: 100 }]`;

test("calls another playbook with values of its own, and takes over what it is told to", async () => {
  const report = await run(
    `
parameters: [{ name: user, default: demo }]
steps:
  - { call: log-in, params: { base: "${site.url}", user: "{user}" }, outputs: { name: who } }
  - { action: goto, params: { url: "${site.url}/?q={name}" }, verify: { expect_url_contains: "q=demo" } }`,
    { calledPlaybooks: { "log-in": logIn }, credentials: { token: "tokens-are-secret" } },
  );
  expect(report.outcome).toMatchObject({
    state: Run_State.COMPLETED,
    outcome: { data: { name: "demo" }, extractedTexts: ["demo", "Hello"] },
  });
  expect(report.all("stepCompleted").map(({ stepId }) => stepId)).toEqual([
    "step-1.log-in.step-1",
    "step-1.log-in.step-2",
    "step-1",
    "step-2",
  ]);
  expect(report.all("actionStarted").map(({ stepId }) => stepId)).toContain("step-1.log-in.start");
});

test.each([
  [
    "what the called playbook refuses",
    "{ call: log-in, params: { base: x, user: A1 } }",
    "STEP_FAILED",
    "'log-in' cannot be called: params.user must match [a-z]+",
  ],
  [
    "a check of the called playbook",
    `{ call: log-in, params: { base: "{url}", user: nobody } }`,
    "CHECK_FAILED",
    "1 of 1 check failed: 'is logged in' (the text 'nobody' is not on the page).",
  ],
  [
    "what the called playbook did not store",
    `{ call: log-in, params: { base: "{url}", user: demo }, outputs: { a: b } }`,
    "STEP_FAILED",
    "'log-in' stored no 'b'.",
  ],
  ["a playbook the run was not given", "{ call: other }", "PLAYBOOK_NOT_FOUND", "The run was given no playbook 'other' to call."],
])("fails the step that calls with %s", async (_, step, reason, message) => {
  const report = await run(`parameters: [{ name: url }]\nsteps: [${step}]`, {
    calledPlaybooks: { "log-in": logIn },
    credentials: { token: "tokens-are-secret" },
    spec: { params: { url: site.url } },
  });
  expect(report.outcome.outcome.error).toMatchObject({ reason, message, details: { stepId: "step-1" } });
});

test("ends playbooks that call each other without end", async () => {
  const report = await run("steps: [{ call: a }]", {
    calledPlaybooks: { a: "steps: [{ call: b }]", b: "steps: [{ call: a }]" },
  });
  expect(report.outcome.outcome.error).toMatchObject({
    reason: "STEP_FAILED",
    message: "'b' would be called within more than 5 other calls.",
    details: { stepId: "step-1.a.step-1.b.step-1.a.step-1.b.step-1.a.step-1" },
  });
});

test("stops within a loop before the next step, and says how many of its own steps were done", async () => {
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const report = new ReportInMemory(async ({ payload }) => {
    if (payload.$case !== "stepCompleted" || payload.value.stepId !== "step-2.1.steps-1") return;
    begun.resolve();
    await goOn.promise;
  });
  const work = await room.start(
    `start_url: "${site.url}"
steps:
  - { action: extract, selector: h1, store_as: heading }
  - { for_each: id, in: [a, b], steps: [{ action: click, selector: button }] }`,
    {},
    report,
  );
  await begun.promise;
  const stopped = work.stop(10_000);
  goOn.resolve();
  expect(await stopped).toMatchObject({ summary: "Stopped after 1 of 2 steps.", data: { heading: "Orders" } });
  await work.done;
  expect(report.all("actionCompleted").map(({ stepId }) => stepId)).toEqual(["start", "step-1", "step-2.1.steps-1"]);
  expect(report.all("stepCompleted").at(-1)).toMatchObject({ stepId: "step-2", success: false, error: { reason: "TERMINATED" } });
});
