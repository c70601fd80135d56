import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Site, startSite } from "../browser/site.fixture.ts";
import { PlaybookRoom, type PlaybookRun } from "../playbook/playbook-room.fixture.ts";
import { ReportInMemory } from "../work.fixture.ts";
import { type Answer, refOf, ScriptedModel, textOf } from "./scripted-model.fixture.ts";

let site: Site;
let room: PlaybookRoom;
let saved: string[];

const form = `<title>Note</title><h1>Note</h1><form method="post" action="/saved">
<label>Text <input name="text"></label><label>Tag <input name="tag"></label><button>Store</button></form><button>Help</button>`;

beforeAll(async () => {
  [site, room] = await Promise.all([
    startSite({
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
  await site[Symbol.asyncDispose]();
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
