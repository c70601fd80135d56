import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Site, startSite } from "../browser/site.fixture.ts";
import { PlaybookRoom, type PlaybookRun } from "../playbook/playbook-room.fixture.ts";
import { ReportInMemory } from "../work.fixture.ts";
import { type Answer, refOf, ScriptedModel, textOf } from "./scripted-model.fixture.ts";

let site: Site;
let room: PlaybookRoom;
let saved: string[];

const form = `<title>Note</title><h1>Note</h1><form method="post" action="/saved"><label>Text <input name="text"></label><button>Save</button></form>`;

beforeAll(async () => {
  [site, room] = await Promise.all([
    startSite({
      "/": form,
      "/saved": () => {
        saved.push(site.bodies.at(-1) ?? "");
        return "<title>Saved</title><h1>Saved</h1><p>The note is saved.</p>";
      },
    }),
    PlaybookRoom.open(),
  ]);
});

afterAll(async () => {
  await room[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

beforeEach(() => {
  saved = [];
});

/** Runs a directive with a model that answers so; the start is the form. */
async function direct(directive: string, answers: readonly Answer[], spec: PlaybookRun["spec"] = {}, report = new ReportInMemory()) {
  const model = new ScriptedModel(...answers);
  const given = { work: { $case: "directive", value: directive } as const, startUrl: `${site.url}/`, ...spec };
  await room.run("", { spec: given }, report, model.ask);
  return { report, model, ...report.outcome };
}

const save: Answer = (page) => [
  ["fill", { element: refOf(page, "textbox"), text: "Milk" }],
  ["click", { element: refOf(page, 'button "Save"') }],
];
const done: Answer = () => [["done", { summary: "The note is saved." }]];

test("a directive is done in the browser, action by action, and completes", async () => {
  const { report, state, outcome, model } = await direct("Enter the note Milk and save it", [save, done]);
  expect(outcome).toMatchObject({ summary: "The note is saved.", error: undefined });
  expect(state).toBe(Run_State.COMPLETED);
  expect(saved).toEqual(["text=Milk"]);
  expect(report.all("actionCompleted").map(({ tool, action, inputSummary }) => `${tool} ${action}: ${inputSummary}`)).toEqual([
    `playbook goto: navigate to ${site.url}/`,
    "agent fill: fill text into textbox 'Text'",
    "agent click: click button 'Save'",
  ]);
  expect(report.confirmed.map(({ summary }) => summary)).toEqual([
    "About to fill text into textbox 'Text'",
    "About to click button 'Save'",
  ]);
  expect(report.all("stepCompleted").map(({ stepId, success }) => [stepId, success])).toEqual([
    ["step-1", true],
    ["step-2", true],
  ]);
  expect(textOf(model.calls[1]?.prompt ?? [])).toContain("The note is saved.");
  expect(outcome.sessionMemory).toContain("Clicked");
});
