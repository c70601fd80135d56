import type { RunEvent } from "@clew/client";
import { describe, expect, it } from "vitest";
import { sampleEvents, sampleRun, sampleRunId } from "../../../../test/support/sample-run.ts";
import { explain } from "./explain.ts";
import { renderExplanation } from "./render.ts";
import { Story } from "./story.ts";

type Payload<T extends RunEvent["type"]> = Extract<RunEvent, { readonly type: T }>;

/** An event of the sample run, so many tenths of a second after its beginning. */
function event<T extends RunEvent["type"]>(type: T, tenths: number, payload: object, attempt = 1): RunEvent {
  const time = new Date(Date.UTC(2026, 0, 1) + tenths * 100).toISOString();
  const envelope = { runId: sampleRunId, sequence: tenths + 1, time, resumeToken: "", attempt, summary: "" };
  return { ...envelope, type, [type]: payload } as unknown as Payload<T>;
}

const step = (index: number, tenths: number, end: object = { success: true }) => [
  event("stepStarted", tenths, { stepIndex: index, stepId: `step-${index + 1}`, description: `Do ${index + 1}`, action: "click" }),
  event("actionStarted", tenths, { inputSummary: `click '#${index + 1}'`, effect: "WRITE" }),
  event("actionCompleted", tenths, { success: true, durationMs: 90 }),
  event("stepCompleted", tenths + 1, {
    stepIndex: index,
    stepId: `step-${index + 1}`,
    durationMs: 100,
    success: false,
    skipped: false,
    ...end,
  }),
];

function screen(events: readonly RunEvent[], run = sampleRun({ state: "FAILED", endTime: "2026-01-01T00:00:09Z" })): string {
  const story = new Story();
  for (const one of events) story.take(one);
  return renderExplanation(explain(run, story, toCommand), 100).join("\n");
}

const toCommand = (words: string) => `npx clew ${words}`;

describe("the story of a run", () => {
  it("counts what was simply done in the middle of many steps, and shows all that was not", () => {
    const events = Array.from({ length: 40 }, (_, index) =>
      step(index, index, index === 20 ? { error: { message: "It is gone." } } : undefined),
    ).flat();
    expect(screen(events)).toContain(`Did          +0.0 s  1. Do 1  0.1 s
             +0.1 s  2. Do 2  0.1 s
                     … 18 more, all done
             +2.0 s  21. Do 21  FAILED  0.1 s  It is gone.
                     … 14 more, all done
             +3.5 s  36. Do 36  0.1 s`);
  });

  it("shows the steps within a step, and ends the one that holds them", () => {
    const begun = (stepId: string, tenths: number) => event("stepStarted", tenths, { stepIndex: 0, stepId, description: `Do ${stepId}` });
    const done = (stepId: string, tenths: number, success: boolean) =>
      event("stepCompleted", tenths, {
        stepIndex: 0,
        stepId,
        success,
        skipped: false,
        durationMs: 100,
        ...(!success && { error: { message: "Gone." } }),
      });
    const inner = [begun("step-1.then-1", 1), done("step-1.then-1", 2, true), begun("step-1.then-2", 2), done("step-1.then-2", 3, false)];
    expect(
      screen([begun("step-1", 0), ...inner, done("step-1", 3, false)]),
    ).toContain(`Did          +0.0 s  1. Do step-1  FAILED  0.1 s  Gone.
             +0.1 s  1.then-1. Do step-1.then-1  0.1 s
             +0.2 s  1.then-2. Do step-1.then-2  FAILED  0.1 s  Gone.`);
  });

  it("stays one screen where hundreds of steps failed", () => {
    const events = Array.from({ length: 200 }, (_, index) => step(index, index, { error: { message: "It is gone." } })).flat();
    expect(screen(events).split("\n").length).toBeLessThan(40);
    expect(screen(events)).toContain("… 186 more\n");
  });

  it("says of each attempt but the last why it failed, and of what it left open that it was cut off", () => {
    const events = [
      event("attemptStarted", 0, { cause: "" }),
      event("stepStarted", 1, { stepIndex: 0, description: "Look", action: "goto" }),
      event("attemptFailed", 5, { error: { message: "The browser is gone." } }),
      event("attemptStarted", 10, { cause: "BROWSER_CRASHED" }, 2),
      event("stepStarted", 11, { stepIndex: 0, description: "Look", action: "goto" }, 2),
    ];
    const text = screen(events, sampleRun({ attempt: 2 }));
    expect(text).toContain("Attempts     +0.0 s  1  FAILED  The browser is gone.\n             +1.0 s  2\n");
    expect(text).toContain("+0.1 s  1. Look  CUT OFF\n             +1.1 s  1. Look  goes on\n");
  });

  it("says of a step that a stop cut off just that", () => {
    const text = screen(step(0, 0, { error: { reason: "TERMINATED", message: "The run was stopped before this was done." } }));
    expect(text).toContain("+0.0 s  1. Do 1  CUT OFF  0.1 s  The run was stopped before this was done.\n");
  });

  it("shows actions that belong to no step, and those a rule kept from the browser", () => {
    const text = screen([
      event("actionStarted", 0, { inputSummary: "click 'Pay'", effect: "COMMIT" }),
      event("actionCompleted", 1, { success: true, durationMs: 50 }),
      event("actionBlocked", 2, { inputSummary: "open http://10.0.0.1/", message: "Private addresses are closed." }),
    ]);
    expect(text).toContain(
      "+0.0 s  click 'Pay'  0.1 s\n             +0.2 s  open http://10.0.0.1/  BLOCKED  Private addresses are closed.\n",
    );
  });

  it("draws nothing that a page could have smuggled in", () => {
    const events = sampleEvents(5);
    const run = sampleRun({
      outcome: { summary: "done\u001b[2J\nAgain     it is safe", extractedTexts: [], sessionMemory: "", truncated: false },
    });
    expect(screen(events, run)).toContain("Result    done [2J Again     it is safe\n");
  });
});

describe("what was asked of a run", () => {
  const spec = sampleRun().spec;

  it.each([
    ["continueFrom", "in the browser, still open, of run run-before"],
    ["forkFrom", "with the session left by run run-before"],
  ])("names the run it went on from: %s", (field, said) => {
    expect(screen([], sampleRun({ spec: { ...spec, [field]: "run-before" } }))).toContain(`\n          ${said}\n`);
    expect(explain(sampleRun({ spec: { ...spec, [field]: "run-before" } }), new Story(), toCommand).asked.parent).toEqual({
      runId: "run-before",
      by: field,
    });
  });

  it("names none where it began anew", () => {
    expect(screen([])).not.toContain("of run ");
    expect(explain(sampleRun(), new Story(), toCommand).asked.parent).toBeUndefined();
  });

  it("names options beside the fields that its end speaks of, and says in a sentence that there is nothing to mend", () => {
    const error = { code: "CANCELLED", reason: "TERMINATED", message: "A caller stopped the run.", retryable: false, details: {} };
    const outcome = { summary: "Stopped.", extractedTexts: [], sessionMemory: "", truncated: false };
    expect(screen([], sampleRun({ state: "TERMINATED", outcome: { ...outcome, error } }))).toContain(
      "Why       TERMINATED: A caller stopped the run.\n          There is nothing to mend: somebody asked for it.\n",
    );
    const late = { ...error, reason: "TIMED_OUT", message: "It reached its deadline." };
    expect(screen([], sampleRun({ state: "TIMED_OUT", outcome: { ...outcome, error: late } }))).toContain(
      "          Give it more time with --timeout (timeoutSeconds), or make the work smaller.\n",
    );
  });
});

describe("the way to run it again", () => {
  it("has what a directive was run with", () => {
    const spec = {
      ...sampleRun().spec,
      playbook: undefined,
      directive: "Cancel it",
      maxSteps: 9,
      model: "test:a",
      forkFrom: "run-1",
      keepAliveSeconds: 0,
    };
    const { next } = explain(sampleRun({ state: "FAILED", spec }), new Story(), toCommand);
    expect(next.map(({ command }) => command)).toContain(
      "npx clew run --directive 'Cancel it' --model test:a --max-steps 9 --fork-from run-1 --keep-alive 0",
    );
  });

  it.each([
    ["in the browser that it waited for", undefined, "QUEUE_TIMED_OUT", "--continue-from run-1"],
    ["with the session of a browser that it has used up", "2026-01-01T00:00:01Z", "STEP_FAILED", "--fork-from run-1"],
    ["with the session of a browser that was there no more", undefined, "PARENT_GONE", "--fork-from run-1"],
  ])("goes on %s", (_, startTime, reason, option) => {
    const spec = { ...sampleRun().spec, continueFrom: "run-1" };
    const error = { code: "ABORTED", reason, message: "", retryable: false, details: {} };
    const outcome = { summary: "", extractedTexts: [], sessionMemory: "", truncated: false, error };
    const { next } = explain(sampleRun({ state: "FAILED", startTime, spec, outcome }), new Story(), toCommand);
    expect(next.map(({ command }) => command).join()).toContain(option);
  });

  it("has every option it was run with, quoted for a shell, and no secret", () => {
    const story = new Story();
    const spec = {
      playbook: "cancel-order",
      params: { note: "it's; rm -rf /", count: 3 },
      files: [],
      credentials: { "shop-password": "" },
      checks: [],
      labels: { team: "shop" },
      timeoutSeconds: 60,
    };
    const { next } = explain(sampleRun({ state: "TIMED_OUT", spec }), story, toCommand);
    expect(next.map(({ command }) => command)).toContain(
      `npx clew run cancel-order --param 'note=it'\\''s; rm -rf /' --param count=3 --credential shop-password=@SHOP_PASSWORD --label team=shop --timeout 60`,
    );
  });
});
