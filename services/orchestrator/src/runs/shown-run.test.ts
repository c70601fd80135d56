import { Run, Run_Effects, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { expect, it } from "vitest";
import { showRun } from "./shown-run.ts";

const run = Run.fromPartial({
  id: "run-1",
  tenant: "acme",
  state: Run_State.FAILED,
  effects: Run_Effects.UNKNOWN,
  lastSequence: 9,
  resumeToken: "c1.x",
  spec: { startUrl: "https://example.com/private" },
  playbook: { id: "cancel-order" },
  outcome: { summary: "private" },
  unconfirmedActions: [{ actionId: "a", inputSummary: "private" }],
  usage: { costUsd: 1 },
});
const bare = { ...Run.fromPartial({}), id: "run-1", tenant: "acme", state: Run_State.FAILED, effects: Run_Effects.UNKNOWN };
const stood = { ...bare, lastSequence: 9, resumeToken: "c1.x" };

it.each([
  ["all of it where every event is", [], run],
  ["all of it where runFinished is, which carries it", ["stepCompleted", "runFinished"], run],
  ["how it stands, whatever is", ["stepCompleted"], stood],
  ["what was asked where runCreated is", ["runCreated"], { ...stood, spec: run.spec, playbook: run.playbook, parentRun: run.parentRun }],
  ["what came of it where outcomePublished is", ["outcomePublished"], { ...stood, outcome: run.outcome }],
])("a ticket shows of a Run %s allowed", (_, types, shown) => {
  expect(showRun(run, new Set(types))).toEqual(shown);
});
