import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Site, startSite } from "../browser/site.fixture.ts";
import { PlaybookRoom, type PlaybookRun } from "../playbook/playbook-room.fixture.ts";
import { ReportInMemory } from "../work.fixture.ts";
import { type Answer, refOf, ScriptedModel, textOf } from "./scripted-model.fixture.ts";

let site: Site;
let elsewhere: Site;
let room: PlaybookRoom;
let saved: string[];

const form = `<title>Note</title><h1>Note</h1><form method="post" action="/saved">
<label>Text <input name="text"></label><label>Tag <input name="tag"></label><button>Store</button></form><button>Help</button>`;

beforeAll(async () => {
  elsewhere = await startSite({ "/": form });
  [site, room] = await Promise.all([
    startSite({
      "/away": `<button onclick="location='${elsewhere.url}/'">Go on</button>`,
      "/": form,
      "/menu": `<h1>Menu</h1><a href="/">Write a note</a>`,
      "/saved": () => {
        saved.push(site.bodies.at(-1) ?? "");
        return "<title>Saved</title><h1>Saved</h1><p id=number>17</p>";
      },
    }),
    PlaybookRoom.open(),
  ]);
});

afterAll(async () => {
  await room[Symbol.asyncDispose]();
  await Promise.all([site, elsewhere].map((each) => each[Symbol.asyncDispose]()));
});

beforeEach(() => {
  saved = [];
});

/** A playbook of before the button was renamed. */
const source = (start = "/") => `# Kept by the shop's team.
id: note
description: Writes a note.
parameters: [{ name: text }]
start_url: "${site.url}${start}"
steps:
  - { action: fill, selector: { label: Text }, params: { text: "{text}" } }
  # The only button there is.
  - { action: click, selector: { role: button, name: Save }, description: Save the note }
  - { action: extract, selector: "#number", store_as: number, store_type: integer }
checks:
  - { name: it is saved, text_on_page: Saved }
`;

async function play(text: string, answers: readonly Answer[], run: PlaybookRun = {}) {
  const model = new ScriptedModel(...answers);
  const spec = { params: { text: "Milk" }, ...run.spec };
  const report = await room.run(text, { ...run, spec }, new ReportInMemory(), model.ask);
  return { report, model, ...report.outcome };
}

const store: Answer = (page) => [["click", { element: refOf(page, 'button "Store"') }]];
const done: Answer = () => [["done", { summary: "The note is stored.", data: { number: 17 } }]];

test("an agent does what is left of a playbook whose page changed, and the playbook's checks decide", async () => {
  const { report, model, state, outcome } = await play(source(), [store, done]);
  expect(outcome).toMatchObject({ data: { number: 17 }, error: undefined });
  expect(state).toBe(Run_State.COMPLETED);
  expect(saved).toEqual(["text=Milk&tag="]);
  expect(report.all("recoveryStarted")).toMatchObject([{ stepIndex: 1, error: { reason: "SELECTOR_NOT_FOUND" } }]);
  expect(report.all("recoveryEnded")).toMatchObject([{ success: true }]);
  expect(report.all("stepCompleted").map(({ stepId, success }) => [stepId, success])).toEqual([
    ["step-1", true],
    ["step-2", false],
    ["step-2.recovery-1", true],
    ["step-2.recovery-2", true],
  ]);
  const told = textOf(model.calls[0]?.prompt ?? []);
  expect(told).toContain("Save the note");
  expect(told).toContain("No selector matched");
});

test("what a recovery found is proposed as the playbook it would have taken, which then needs no model", async () => {
  const { report } = await play(source(), [store, done]);
  expect(report.all("artifactReady").map(({ name }) => name)).toContain("proposed-playbook.yaml");
  const proposed = await room.read("proposed-playbook.yaml");
  expect(proposed).toContain("# Proposed by a run of 'note' in which step 2 failed");
  expect(proposed).toContain("# Kept by the shop's team.");
  expect(proposed).toContain("# The only button there is.");
  const again = await room.run(proposed, { spec: { params: { text: "Bread" } } });
  expect(again.outcome.outcome).toMatchObject({ data: { number: 17 }, error: undefined });
  expect(saved).toEqual(["text=Milk&tag=", "text=Bread&tag="]);
});

test("a detour that the agent had to take is proposed as steps of its own", async () => {
  const detour: Answer = (page) => [["click", { element: refOf(page, 'link "Write a note"') }]];
  const write: Answer = (page) => [
    ["fill", { element: refOf(page, 'textbox "Text"'), text: "Milk" }],
    ["click", { element: refOf(page, 'button "Store"') }],
  ];
  const { report, outcome } = await play(source("/menu"), [detour, write, done]);
  expect(outcome).toMatchObject({ data: { number: 17 }, error: undefined });
  expect(report.all("recoveryStarted")).toMatchObject([{ stepIndex: 0 }]);
  const proposed = await room.read("proposed-playbook.yaml");
  expect(proposed).toContain("New: click link 'Write a note'.");
  const again = await room.run(proposed, { spec: { params: { text: "Bread" } } });
  expect(again.outcome.outcome).toMatchObject({ data: { number: 17 }, error: undefined });
  expect(saved).toEqual(["text=Milk&tag=", "text=Bread&tag="]);
});

test("where the agent fails too the error says both, and nothing is proposed", async () => {
  const { report, state, outcome } = await play(source(), [() => [["fail", { reason: "There is no such button." }]]]);
  expect(state).toBe(Run_State.FAILED);
  expect(outcome.error).toMatchObject({ reason: "SELECTOR_NOT_FOUND", details: { step: "2", recovery: "TASK_FAILED" } });
  expect(outcome.error?.message).toMatch(
    /No selector matched.*The agent that took over failed too: The agent gave up: There is no such button\./s,
  );
  expect(report.all("recoveryEnded")).toMatchObject([{ success: false }]);
  expect(report.all("artifactReady").map(({ name }) => name)).not.toContain("proposed-playbook.yaml");
});

test("[weakness 38] a recovery must bring what the steps would have stored, and the playbook's checks must hold", async () => {
  const claim: Answer = () => [["done", { summary: "All is well.", data: { number: 17 } }]];
  const { outcome } = await play(source(), [claim]);
  expect(outcome.error).toMatchObject({ reason: "SELECTOR_NOT_FOUND", details: { recovery: "CHECK_FAILED" } });
  const empty: Answer = () => [["done", { summary: "It is stored." }]];
  const without = await play(source(), [store, empty, empty]);
  expect(without.outcome.error).toMatchObject({ details: { recovery: "OUTPUT_INVALID" } });
});

test("what is not an agent's is not handed over: a step that aborts, and what a guardrail refused", async () => {
  const aborting = source().replace("description: Save the note", "on_failure: abort");
  const abort = await play(aborting, [store, done]);
  expect([abort.outcome.error?.reason, abort.model.calls.length]).toEqual(["SELECTOR_NOT_FOUND", 0]);
  const blocked = await play("steps: [{ action: goto, params: { url: 'http://blocked.example/' } }]", [store, done], {
    spec: { params: {}, guardrails: { blockedDomains: ["blocked.example"] } },
  });
  expect([blocked.outcome.error?.reason, blocked.model.calls.length]).toEqual(["GUARDRAIL_BLOCKED", 0]);
});

test("nobody takes over where a page led to a site that the author does not name", async () => {
  const led = `id: led
steps:
  - { action: goto, params: { url: "${site.url}/away" } }
  - { action: click, selector: { role: button, name: Go on } }
  - { action: click, selector: { role: button, name: Save } }
`;
  const { outcome, model, report } = await play(led, [store, done], { spec: { params: {} } });
  expect([outcome.error?.reason, model.calls.length]).toEqual(["SELECTOR_NOT_FOUND", 0]);
  expect(report.all("recoveryStarted")).toEqual([]);
});

test("a playbook with steps within steps is finished, and not rewritten", async () => {
  const looped = source().replace(
    "  - { action: click, selector: { role: button, name: Save }, description: Save the note }",
    "  - { for_each: tag, in: [a], steps: [{ action: click, selector: { role: button, name: Save } }] }",
  );
  const { report, outcome } = await play(looped, [store, done]);
  expect(outcome.error).toBeUndefined();
  expect(report.all("warningRaised")).toMatchObject([{ reason: "PLAYBOOK_NOT_PROPOSED" }]);
});

test("a step that failed in a playbook that is called is mended with that playbook's own words, and what it would have brought is asked for", async () => {
  const note = `id: note
description: Writes a note.
parameters: [{ name: text }]
steps:
  - { action: fill, selector: { label: Text }, params: { text: "{text}" } }
  - { action: click, selector: { role: button, name: Save }, description: Save the note }
  - { action: extract, selector: "#number", store_as: number }
`;
  const caller = `id: caller
start_url: "${site.url}/"
steps:
  - { call: note, params: { text: Milk }, outputs: { saved: number } }
  - { action: extract, selector: h1, store_as: heading }
`;
  const ended: Answer = () => [["done", { summary: "The note is stored.", data: { saved: "17", heading: "Saved" } }]];
  const { report, model, outcome } = await play(caller, [store, ended], { calledPlaybooks: { note }, spec: { params: {} } });
  expect(outcome).toMatchObject({ data: { saved: "17", heading: "Saved" }, error: undefined });
  expect(saved).toEqual(["text=Milk&tag="]);
  expect(report.all("recoveryStarted")).toMatchObject([{ stepIndex: 0, error: { reason: "SELECTOR_NOT_FOUND" } }]);
  expect(report.all("stepCompleted").map(({ stepId, success }) => [stepId, success])).toEqual([
    ["step-1.note.step-1", true],
    ["step-1.note.step-2", false],
    ["step-1", false],
    ["step-1.recovery-1", true],
    ["step-1.recovery-2", true],
  ]);
  expect(textOf(model.calls[0]?.prompt ?? [])).toMatch(/'note', which is called: Writes a note\..*Save the note/s);
  expect(report.all("warningRaised")).toMatchObject([{ reason: "PLAYBOOK_NOT_PROPOSED" }]);
  const lacking = await play(caller, [store, () => [["done", { summary: "Stored." }]]], {
    calledPlaybooks: { note },
    spec: { params: {} },
  });
  expect(lacking.outcome.error).toMatchObject({ reason: "SELECTOR_NOT_FOUND", details: { recovery: "OUTPUT_INVALID" } });
});

test("[weakness 28] what a step read of a page stands nowhere among the author's words", async () => {
  const reading = source("/menu")
    .replace("steps:\n", "steps:\n  - { action: extract, selector: h1, store_as: title }\n")
    .replace('text: "{text}"', 'text: "{text} of {title}"');
  const { model } = await play(reading, [() => [["fail", { reason: "x" }]]]);
  const told = textOf(model.calls[0]?.prompt ?? []);
  expect(told).toContain("{text} of {title}");
  expect(told.replaceAll(/\[web-content (\w+)\].*?\[end of web-content \1\]/gs, "")).not.toContain("Menu");
});

test("what a step read before is not the agent's to change, and of a recovery that failed nothing is kept", async () => {
  const reading = source().replace("steps:\n", "steps:\n  - { action: extract, selector: h1, store_as: title }\n");
  const forged: Answer = () => [["done", { summary: "The note is stored.", data: { number: 17, title: "FORGED" } }]];
  const { outcome, model } = await play(reading, [store, forged]);
  expect(outcome).toMatchObject({ data: { number: 17, title: "Note" }, error: undefined });
  // It thinks as hard as the run says.
  expect(model.calls.map(({ reasoning }) => reasoning)).toEqual([undefined, undefined]);
  const failed = await play(reading, [forged]);
  expect(failed.outcome).toMatchObject({ data: { title: "Note" }, error: { details: { recovery: "CHECK_FAILED" } } });
  expect(failed.outcome.data).not.toHaveProperty("number");
});
