import type { Run } from "@clew/client";
import { expect, it } from "vitest";
import { sampleRun, sampleRunId } from "../../../test/support/sample-run.ts";
import { createKeptOutput } from "./kept-output.fixture.ts";
import { sayOutcome } from "./say-outcome.ts";

function saidOf(part: Partial<Run>): readonly string[] {
  const output = createKeptOutput();
  sayOutcome(sampleRun({ state: "COMPLETED", startTime: "2026-01-01T00:00:00Z", endTime: "2026-01-01T00:00:02Z", ...part }), output);
  return output.said;
}

const spec = sampleRun().spec;
const outcome = { summary: "Done.", extractedTexts: [], sessionMemory: "", truncated: false };

const lost = { code: "ABORTED", reason: "SANDBOX_LOST", message: "It is gone.", retryable: true, details: {} };

it("says until when a run's browser is kept, from its end on, and how to go on in it or let go of it", () => {
  const until = new Date("2026-01-01T00:05:02Z").toLocaleTimeString("en-GB");
  expect(saidOf({ outcome, spec: { ...spec, keepAliveSeconds: 300 } }).slice(-4)).toEqual([
    `  npx clew artifacts ${sampleRunId}`,
    `  Its browser is kept until ${until}. Go on in it, or let go of it:`,
    `    npx clew run PLAYBOOK --continue-from ${sampleRunId}`,
    `    npx clew release ${sampleRunId}`,
  ]);
});

it.each<[string, Partial<Run>]>([
  ["keeps nothing", {}],
  ["leaves a session only", { spec: { ...spec, keepAliveSeconds: 0 } }],
  ["never had one", { state: "TERMINATED", startTime: undefined, spec: { ...spec, keepAliveSeconds: 300 } }],
  ["lost its sandbox", { state: "FAILED", spec: { ...spec, keepAliveSeconds: 300 }, outcome: { ...outcome, error: lost } }],
])("says nothing of a browser where a run %s", (_, part) => {
  expect(saidOf({ outcome, ...part }).filter((line) => /kept|release|continue/.test(line))).toEqual([]);
});

it("says why a run failed, with the option beside each field it speaks of, and whether to run it again", () => {
  const error = {
    code: "DEADLINE_EXCEEDED",
    reason: "INPUT_EXPIRED",
    message: "Raise waitForPersonSeconds.",
    retryable: false,
    details: {},
  };
  expect(saidOf({ state: "FAILED", outcome: { ...outcome, summary: "Nobody answered.", error } })).toEqual([
    "",
    "FAILED after 2.0 s: Nobody answered.",
    "  INPUT_EXPIRED: Raise --wait-for-person (waitForPersonSeconds).",
    "  Nothing was changed: it is safe to run again.",
    "",
    `  npx clew explain ${sampleRunId}`,
    `  npx clew artifacts ${sampleRunId}`,
  ]);
});

it.each([
  ["STEP_FAILED", "FAILED", ["  STEP_FAILED"]],
  ["TERMINATED", "TERMINATED", []],
] as const)("says an error once that is the summary too: %s", (reason, state, said) => {
  const error = { code: "ABORTED", reason, message: "It is gone.", retryable: false, details: {} };
  const lines = saidOf({ state, outcome: { ...outcome, summary: "Step 1 failed: It is gone.", error } });
  expect(lines.slice(1, -4)).toEqual([`${state} after 2.0 s: Step 1 failed: It is gone.`, ...said]);
});
