import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import type { Redact } from "@clew/playbook/redact";
import { type Outcome, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { OutcomePublished, RunStarted } from "@clew/proto/grpc/clew/run/v1/run_event";
import { abortable } from "@clew/streams/abortable";
import { pageOptions } from "../browser/page-options.ts";
import type { Person } from "../person/ask-person.ts";
import { Recordings } from "../recording/recordings.ts";
import { RunFiles } from "../recording/run-files.ts";
import type { WorkOptions } from "../work-options.ts";
import { composeOutcome } from "./outcome.ts";
import { planWork, type WorkPlan } from "./plan-work.ts";
import { runErrorOf } from "./run-error.ts";
import { type PlaybookEnd, runPlaybook } from "./run-playbook.ts";
import { createFindings, type Findings } from "./step-context.ts";

/** How a run's work is told to end, and tells that it has. */
export interface WorkControl {
  /** Masks the run's secrets. */
  readonly redact: Redact;
  /** Whom the run asks what it cannot decide. */
  readonly person: Person;
  /** Ends whatever runs, at once. */
  readonly signal: AbortSignal;
  /** Lets what runs come to its end, and nothing begin. */
  readonly stopping: AbortSignal;
  /** Called once the steps are over, with what there was of the outcome. */
  readonly onEnd: (outcome: Outcome) => void;
}

/** Does a run's work in the one order there is: begin, steps, outcome, clean up, store files. What fails in cleaning up is a warning, never a lost outcome. */
export async function runWork(options: WorkOptions, { redact, person, signal, stopping, onEnd }: WorkControl): Promise<void> {
  const { request, browser, report, workFolder } = options;
  const files = await RunFiles.open(join(workFolder, "files"), request.attempt);
  const plan = planWork(request);
  const recordings = new Recordings(files, report);
  try {
    const findings = createFindings(plan instanceof Fault ? new Map() : plan.values);
    const stepCount = plan instanceof Fault ? 0 : plan.playbook.steps.length;
    await report.say({
      summary: `The work began in ${browser.version}.`,
      payload: { $case: "runStarted", value: RunStarted.fromPartial({ browser: browser.version, stepCount }) },
    });
    const end =
      plan instanceof Fault
        ? failed(plan, redact)
        : await doSteps(plan, findings, options, recordings, { redact, person, signal, stopping }).catch((thrown: unknown) =>
            failed(Fault.from(thrown), redact),
          );
    const outcome = await composeOutcome(redact(end.summary), findings, files, end.kind === "failed" ? end.error : undefined);
    if (!stopping.aborted && end.kind !== "stopped") {
      const state = end.kind === "completed" ? Run_State.COMPLETED : Run_State.FAILED;
      await report.say({
        summary: outcome.summary,
        payload: { $case: "outcomePublished", value: OutcomePublished.fromPartial({ state, outcome }) },
      });
    }
    onEnd(outcome);
  } finally {
    try {
      await recordings.store();
    } finally {
      await browser[Symbol.asyncDispose]();
    }
    await recordings.announce();
  }
}

async function doSteps(
  plan: WorkPlan,
  findings: Findings,
  { request, browser, report }: WorkOptions,
  recordings: Recordings,
  { redact, person, signal, stopping }: Pick<WorkControl, "redact" | "person" | "signal" | "stopping">,
): Promise<PlaybookEnd> {
  const active = await abortable(browser.openPage(pageOptions(plan.spec)), signal);
  const trace = await abortable(recordings.begin(active.context, plan), signal);
  let actions = 0;
  return await runPlaybook(plan.playbook, plan.startUrl, findings, {
    active,
    report,
    files: recordings.files,
    rules: {
      allowedDomains: plan.spec.guardrails?.allowedDomains ?? [],
      blockedDomains: plan.spec.guardrails?.blockedDomains ?? [],
      allowPrivateNetworks: plan.spec.guardrails?.allowPrivateNetworks,
      allowedPrivateHosts: plan.spec.guardrails?.allowedPrivateHosts ?? [],
    },
    credentials: request.credentials,
    redact,
    person,
    signal,
    stopping,
    nextActionId: () => `${request.attempt}-${++actions}`,
    screenshots: plan.spec.recording?.screenshots === true,
    traceOffsetMs: trace?.offsetMs,
  });
}

function failed(fault: Fault, redact: Redact): PlaybookEnd {
  return { kind: "failed", summary: fault.message, error: runErrorOf(fault, redact) };
}
