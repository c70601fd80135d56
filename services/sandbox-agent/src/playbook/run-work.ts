import { Fault } from "@clew/fault/fault";
import { agentPlacesOf } from "@clew/outbox/work-folder";
import { mergeGuardrails } from "@clew/playbook/guardrail-settings";
import type { KnownSecrets } from "@clew/playbook/known-secrets";
import type { Redact } from "@clew/playbook/redact";
import { givenGuardrails } from "@clew/playbook/schema/guardrails";
import { type Outcome, Run_State, type RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { OutcomePublished, RunStarted } from "@clew/proto/grpc/clew/run/v1/run_event";
import { abortable } from "@clew/streams/abortable";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import { openInTime } from "@clew/streams/open-in-time";
import { profileOf } from "../agent/profiles/profile.ts";
import { runDirective } from "../agent/run-directive.ts";
import { untilStopped } from "../agent/until-stopped.ts";
import type { LeftSession } from "../authentication/left-session.ts";
import type { SavedLogin } from "../authentication/saved-login.ts";
import type { ActivePage } from "../browser/active-page.ts";
import type { BrowserSession } from "../browser/browser-session.ts";
import { LastLooks } from "../browser/last-looks.ts";
import { pageOptions } from "../browser/page-options.ts";
import { bindCredentials } from "../guardrails/bound-credentials.ts";
import { ActionChecks } from "../guardrails/check-actions.ts";
import { checkLeftPages } from "../guardrails/check-left-pages.ts";
import type { Person } from "../person/ask-person.ts";
import { Recordings } from "../recording/recordings.ts";
import { RunFiles } from "../recording/run-files.ts";
import type { WorkOptions } from "../work-options.ts";
import { awaitAllSent } from "./await-sent.ts";
import { composeOutcome } from "./outcome.ts";
import { firstAddress, hasPlaybook, planWork, type WorkPlan } from "./plan-work.ts";
import { runErrorOf } from "./run-error.ts";
import { type PlaybookEnd, runPlaybook } from "./run-playbook.ts";
import { createFindings, type Findings, type StepContext } from "./step-context.ts";

/** Milliseconds that a browser may still prepare itself once there is work, and that taking the run's headers from it may take. */
const preparedMs = 2_000;
const leaveMs = 2_000;

/** Milliseconds that downloads which began by themselves have at the end. */
const downloadMs = 10_000;

/** How a run's work is told to end, and tells that it has. */
export interface WorkControl {
  /** The run's secrets. */
  readonly secrets: KnownSecrets;
  /** The login the run begins with, and the one it leaves. */
  readonly login: SavedLogin;
  /** What the run leaves for those that are forked from it. */
  readonly leftSession: LeftSession;
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
export async function runWork(options: WorkOptions, control: WorkControl): Promise<void> {
  const { secrets, signal, stopping, onEnd } = control;
  const { request, browser, report, workFolder, stay } = options;
  const { redact } = secrets;
  const files = await RunFiles.open(agentPlacesOf(workFolder, stay).files, request.attempt, redact);
  const plan = planWork(request);
  const recordings = new Recordings({ ...options, files, secrets });
  let active: ActivePage | undefined;
  const open = async ({ spec }: WorkPlan) => {
    await readyOrNot(options.prepared, signal);
    active = await openPage(spec, browser, control);
    return active;
  };
  try {
    const findings = createFindings(plan instanceof Fault ? new Map() : plan.values);
    const stepCount = plan instanceof Fault ? 0 : (plan.playbook?.steps.length ?? 0);
    await report.say({
      summary: `The work began in ${browser.version}.`,
      payload: { $case: "runStarted", value: RunStarted.fromPartial({ browser: browser.version, stepCount }) },
    });
    const end =
      plan instanceof Fault
        ? failed(plan, redact)
        : await open(plan)
            .then((page) => doSteps(plan, findings, page, options, recordings, control))
            .catch((thrown: unknown) => failed(Fault.from(thrown), redact));
    const outcome = await composeOutcome(end, findings, files, redact);
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
      // What was cut off may be acted on still: its pages are nobody's to go on in.
      const isLeft = (request.spec?.keepAliveSeconds ?? 0) > 0 && !signal.aborted && (await leavePage(active, browser, recordings));
      if (!isLeft) await browser[Symbol.asyncDispose]();
    }
    await recordings.announce();
  }
}

/** Opens a page for the work, or goes on in the one that the run before left. */
async function openPage(spec: RunSpec, browser: BrowserSession, { login, signal }: WorkControl): Promise<ActivePage> {
  if (spec.continueFrom === undefined) return await openInTime(browser.openPage({ ...pageOptions(spec), state: login.state }), signal);
  const active = browser.takeLeftPage();
  // They may be secrets of the run before.
  await abortable(active.context.setExtraHTTPHeaders({ ...spec.browser?.extraHttpHeaders }), signal);
  active.notices.take((value) => value);
  return active;
}

/** Leaves the page to the run that continues; answers whether it could. */
async function leavePage(active: ActivePage | undefined, browser: BrowserSession, recordings: Recordings): Promise<boolean> {
  if (active?.isOpen !== true || browser.crashed.aborted) return false;
  try {
    await recordings.leave();
    // What the run's own requests carried is not for where a later one may go.
    await abortable(active.context.setExtraHTTPHeaders({}), AbortSignal.timeout(leaveMs));
  } catch {
    return false;
  }
  active.downloads.leave();
  active.dialogs.forget();
  browser.leavePage(active);
  return true;
}

/** Waits for the browser to be prepared, but not for one that hangs at it: the work is what shows that. */
async function readyOrNot(prepared: Promise<unknown> | undefined, signal: AbortSignal): Promise<void> {
  if (prepared === undefined) return;
  using waiting = linkSignals(signal);
  const late = delay(preparedMs, { signal: waiting.signal }).catch(() => signal.throwIfAborted());
  await Promise.race([abortable(prepared, signal), late]);
  waiting.abort(new Fault("CANCELLED"));
}

async function doSteps(
  plan: WorkPlan,
  findings: Findings,
  active: ActivePage,
  { request, browser, report, workFolder, stay, log, askModel, askWarden }: WorkOptions,
  recordings: Recordings,
  { secrets, login, leftSession, person, signal, stopping }: WorkControl,
): Promise<PlaybookEnd> {
  const { redact } = secrets;
  const settings = mergeGuardrails(
    plan.spec.guardrails ?? {},
    givenGuardrails(plan.playbook?.guardrails),
    profileOf(plan.spec.profile).guardrails,
  );
  await using checks = await openInTime(ActionChecks.open({ settings, askWarden, active, report, redact, signal }), signal);
  if (login.isThere) {
    const forbidden = await abortable(checkLeftPages(active, checks, signal), signal);
    if (forbidden !== undefined && plan.startUrl === undefined) throw forbidden;
  }
  const first = firstAddress(plan);
  if (first !== undefined) checks.foresee(first);
  await abortable(recordings.begin(active, plan.spec), signal);
  active.downloads.keepIn(recordings.files, signal);
  let actions = 0;
  const context: StepContext = {
    active,
    report,
    files: recordings.files,
    inputsFolder: agentPlacesOf(workFolder, stay).inputs,
    checks,
    credentials: request.credentials,
    bound: bindCredentials(request.credentials, request.credentialOrigins),
    calledPlaybooks: plan.calledPlaybooks,
    callDepth: 0,
    redact,
    secrets,
    login,
    requestHeaders: new Map(),
    isHeaded: browser.isHeaded,
    person,
    signal,
    stopping,
    looks: new LastLooks(),
    log,
    nextActionId: () => `${request.attempt}-${++actions}`,
    askModel: askModel && untilStopped(askModel, stopping),
    recordings,
  };
  const end = hasPlaybook(plan) ? await runPlaybook(plan, findings, context) : await runDirective(plan, findings, context);
  if (!stopping.aborted && !browser.crashed.aborted) await awaitAllSent({ active, signal });
  await active.downloads.finish(downloadMs, signal);
  await login.leave(active, end.kind === "completed", signal);
  await leftSession.take(active, signal);
  return end;
}

function failed(fault: Fault, redact: Redact): PlaybookEnd {
  return { kind: "failed", summary: fault.message, error: runErrorOf(fault, redact) };
}
