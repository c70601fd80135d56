import { stat } from "node:fs/promises";
import { Fault } from "@clew/fault/fault";
import { hasCode, isDiskTrouble, volumeFault } from "@clew/fault/volume-fault";
import { placesOf } from "@clew/outbox/work-folder";
import type { Logger } from "@clew/process/logger";
import { type Run, Run_State, type RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import { inputPaths } from "../files/input-files.ts";
import type { RunModels } from "../models/run-models.ts";
import { isLate } from "../runs/deadline.ts";
import { runEgress } from "../runs/egress-policy.ts";
import { limits } from "../runs/limits.ts";
import { retryAtMs } from "../runs/retry.ts";
import { isDecided } from "../runs/run.ts";
import { isTerminal } from "../runs/transitions.ts";
import type { SandboxHandle, SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import { workFolderOf } from "../sandboxes/work-folder-of.ts";
import type { CredentialSets } from "../secrets/credential-sets.ts";
import type { BrowserStates } from "../states/browser-states.ts";
import type { KeptSessions } from "../states/kept-sessions.ts";
import type { Room } from "../volume/room.ts";
import type { SignAnswer } from "./answer-input.ts";
import { runAttempt } from "./attempt.ts";
import { FinalizingTime } from "./finalizing-time.ts";
import { fitRun, leastRun } from "./fit-run.ts";
import { recallSecrets } from "./held-secrets.ts";
import { keepCassette } from "./keep-cassette.ts";
import { keepEgress } from "./keep-egress.ts";
import { keepLog } from "./keep-log.ts";
import type { KeptSandboxes } from "./kept-sandboxes.ts";
import { attemptFailed, failedOutcome, outcomePublished, stateWords, toRunError, warningRaised } from "./phrases.ts";
import { publish, publishStopped } from "./publish-outcome.ts";
import { releaseSandbox } from "./release-sandbox.ts";
import { readCredentials } from "./run-credentials.ts";
import type { RunDraft, RunLog } from "./run-log.ts";
import type { RunSecrets } from "./run-secrets.ts";
import { takeLeftovers } from "./take-leftovers.ts";

/** What supervising a run needs. */
export interface SupervisedRun {
  readonly log: RunLog;
  readonly provider: SandboxProvider;
  readonly runFolder: string;
  /** With the credentials, which the stored spec has not. */
  readonly spec: RunSpec;
  readonly playbookSource: string;
  readonly calledPlaybooks: Readonly<Record<string, string>>;
  readonly secrets: RunSecrets;
  readonly signAnswer: SignAnswer;
  readonly logger: Logger;
  /** Saved logins; without them none is read or saved. */
  readonly states?: BrowserStates | undefined;
  /** What runs leave for forks; without it they leave nothing. */
  readonly sessions?: KeptSessions | undefined;
  /** The models that runs may call; without them there are none. */
  readonly models?: RunModels | undefined;
  /** Credentials that the operator keeps; without them there are none. */
  readonly credentialSets?: CredentialSets | undefined;
  /** Keeps sandboxes for runs that continue in them; without it none is kept. */
  readonly keptSandboxes?: KeptSandboxes | undefined;
  /** What the agent of the run noted that this one continues; empty where there was none. */
  readonly parentMemory?: string | undefined;
  /** Without it there is always room. */
  readonly room?: Room | undefined;
}

/**
 * Takes one run from its first attempt to its last record. It goes by what the journal says, so it may begin anywhere:
 * for a run that was just created, or one whose sandbox outlived the orchestrator before this one.
 *
 * @throws the signal's reason when that aborts; the run and its sandbox are then left as they are.
 */
export async function superviseRun(supervised: SupervisedRun, signal: AbortSignal): Promise<void> {
  const { log, provider, runFolder } = supervised;
  let handle = await provider.find(runFolder);
  signal.throwIfAborted();
  // What a sandbox from before was given must be known again before anything it says is written.
  if (log.run.attempt > 0) {
    await readCredentials(supervised).catch((error: unknown) => supervised.logger.warn({ error }, "credentials are unknown"));
    if (handle !== undefined) await recallSecrets(supervised, handle, signal);
  }
  if (handle === undefined && log.run.attempt > 0) await takeLost(supervised, signal);
  while (log.run.outcome === undefined || handle !== undefined) {
    handle ??= await nextSandbox(supervised, signal);
    if (handle !== undefined) await tryAttempt(supervised, handle, signal);
    handle = undefined;
  }
  await finishRun(supervised, signal);
}

/** Waits until the next attempt may begin, and begins it. Undefined where there is none, or no sandbox for it; the journal has why. */
async function nextSandbox(supervised: SupervisedRun, signal: AbortSignal): Promise<SandboxHandle | undefined> {
  const { log, playbookSource } = supervised;
  await untilRetry(log, signal);
  const { attempt } = log.run;
  if (log.fold.stop !== undefined) return void (await publishStopped(log, attempt, undefined));
  // Nobody may have been here when the run's time was over.
  if (isLate(log.fold, Date.now()))
    return void (await publish(log, attempt, Run_State.TIMED_OUT, failedOutcome(new Fault("TIMED_OUT"), undefined)));
  if (playbookSource !== "" || log.run.playbook === undefined) return await startSandbox(supervised, signal);
  const fault = new Fault("JOURNAL_DAMAGED", { message: "The playbook's text is damaged on the volume." });
  return void (await publish(log, attempt, Run_State.FAILED, failedOutcome(fault, undefined)));
}

/** Waits for the time that the end of the last attempt named, by the journal, or until somebody stops the run. */
async function untilRetry(log: RunLog, signal: AbortSignal): Promise<void> {
  const { failure } = log.fold.attempt;
  if (failure === undefined) return;
  using wait = linkSignals(signal);
  const stopped = log.until(({ stop }) => stop !== undefined, { signal: wait.signal });
  stopped.catch(() => {});
  // A clock that was set back makes nobody wait longer than was asked.
  const mostMs = limits.retryBackoffSeconds.max * 1_000;
  const waitMs = Math.min(Math.max(0, failure.retryAtMs - Date.now()), mostMs);
  await Promise.race([stopped, delay(waitMs, { signal: wait.signal })]).finally(() => wait.abort());
}

/** Stays with one sandbox to its end and removes it. How its attempt ended is durable before it is gone. */
async function tryAttempt(supervised: SupervisedRun, handle: SandboxHandle, signal: AbortSignal): Promise<void> {
  const { log, runFolder, spec, secrets, logger } = supervised;
  const { attempt, workFolder, stay, logsFrom } = handle;
  const plan = { ...supervised, attempt, handle };
  using time = new FinalizingTime();
  const left = { log, attempt, runFolder, workFolder, stay, logsFrom, spec, secrets };
  const keepInTime = async (what: string, keeping: Promise<void>): Promise<void> => {
    try {
      await keeping;
    } catch (error) {
      logger.warn({ error, what }, "something of a sandbox was not kept");
      if (!time.keeping.aborted) return;
      const late = warningRaised("ARTIFACT_LOST", `${what} could not be kept in time.`);
      await log.decide(() => [{ attempt, ...late }]).catch(() => {});
    }
  };
  const broke = await runAttempt(plan, time, signal);
  if (broke !== undefined) {
    const fault = broke.reason === "SANDBOX_LOST" ? await whyLost(log, workFolder) : broke;
    logger.warn({ attempt, reason: fault.reason }, "sandbox lost");
    await keepInTime("The log of a lost sandbox", keepLog(left, time.keeping));
    // A sandbox that found no room was lost for that, and so is its run.
    await supervised.room?.look();
    signal.throwIfAborted();
    await endAttempt(log, attempt, fault);
  }
  await keepInTime("What models were asked", keepCassette(left, time.keeping));
  await keepInTime("What the sandbox exchanged with whom", keepEgress(left, time.keeping));
  if (!(await leaveSandbox(supervised, handle))) await releaseSandbox(plan, signal);
}

/** Hands a sandbox that is kept over to whoever looks after it; answers whether it is. One that was to be kept and is not is warned of. */
async function leaveSandbox({ log, spec, keptSandboxes, logger }: SupervisedRun, handle: SandboxHandle): Promise<boolean> {
  const { id: runId, tenant, outcome } = log.run;
  const { keptUntilMs = 0 } = log.fold.attempt;
  const wantedMs = (spec.keepAliveSeconds ?? 0) * 1_000;
  const untilMs = Math.min(Date.now() + wantedMs, keptUntilMs);
  if (untilMs > Date.now() && keptSandboxes !== undefined) {
    try {
      await keptSandboxes.add({ runId, tenant, handle, sinceMs: Date.now(), untilMs });
      return true;
    } catch (error) {
      logger.warn({ error }, "sandbox was not kept");
    }
  }
  if (wantedMs > 0 && outcome !== undefined) {
    const warning = warningRaised("SANDBOX_NOT_KEPT", "The sandbox could not be kept; no run can continue in it.");
    await log.decide(() => [{ ...warning, attempt: handle.attempt }]).catch(() => {});
  }
  return false;
}

/** Ends an attempt of a sandbox that nobody knows any more, with what that left, unless it is known how it ended; then removes what there is of it. */
async function takeLost(supervised: SupervisedRun, signal: AbortSignal): Promise<void> {
  const { log, provider, runFolder, logger } = supervised;
  const { id: runId, attempt } = log.run;
  if (!isDecided(log.fold)) {
    const workFolder = workFolderOf({ runFolder, attempt });
    await takeLeftovers({ ...supervised, attempt, workFolder }, undefined, signal);
    await endAttempt(log, attempt, await whyLost(log, workFolder));
  }
  await provider.clear({ runId, attempt, runFolder }).catch((error: unknown) => {
    logger.warn({ error, attempt }, "what was left of a sandbox was not removed");
  });
}

/** Why nobody hears of a sandbox any more. A warden opens its outbox once it has its settings: without one, the orchestrator that was to give them had ended. */
async function whyLost({ fold }: RunLog, workFolder: string): Promise<Fault> {
  if (fold.attempt.readyAtMs !== undefined || fold.attempt.startedAtMs !== undefined) return new Fault("SANDBOX_LOST");
  const { wardenOutbox } = placesOf(workFolder);
  const hasBegun = await stat(wardenOutbox).then(
    () => true,
    (error: unknown) => !hasCode(error, "ENOENT"),
  );
  return new Fault(hasBegun ? "SANDBOX_LOST" : "ORCHESTRATOR_LOST");
}

/** Says that an attempt failed and another follows, or, where none may, that the run failed; or was stopped, where a caller had asked for that before. */
function endAttempt(log: RunLog, attempt: number, fault: Fault): Promise<void> {
  if (log.fold.stop !== undefined) return publishStopped(log, attempt, undefined);
  return log.decide((fold) => {
    if (isDecided(fold)) return [];
    const nowMs = Date.now();
    const atMs = retryAtMs(fold, fault, nowMs);
    const end =
      atMs === undefined
        ? outcomePublished(Run_State.FAILED, failedOutcome(fault, undefined))
        : attemptFailed(toRunError(fault), atMs, nowMs);
    return [{ ...end, attempt }];
  });
}

/** What writing the end of a run needs. */
export type EndingRun = Pick<SupervisedRun, "log" | "runFolder" | "logger">;

/**
 * Writes a run's last record and seals its journal, however long the volume takes to let it.
 *
 * @param decide gives the run its outcome, where it has none; tried again with the rest.
 */
export function finishRun(ending: EndingRun, signal: AbortSignal, decide: () => Promise<void> = async () => {}): Promise<void> {
  return untilWritten(ending, signal, async (fit) => {
    await decide();
    await writeLast(ending, fit);
  });
}

/** Ends a run that cannot go on: its sandbox, and then the run itself with `fault` as its outcome, unless it has one. */
export async function failRun(failed: SupervisedRun, fault: Fault, signal: AbortSignal): Promise<void> {
  const { log, provider, runFolder, logger } = failed;
  const handle = await provider.find(runFolder).catch((error: unknown) => {
    // It may live: without an orchestrator it ends itself after the grace time.
    logger.error({ error }, "sandbox of a failed run could not be found");
    return undefined;
  });
  if (handle !== undefined) {
    const released = releaseSandbox({ provider, handle, logger }, signal);
    await released.catch((error: unknown) => logger.error({ error }, "sandbox of a failed run was not removed"));
  }
  // The outcome was known, and what the sandbox still had to store is lost with it.
  if (handle !== undefined && log.run.outcome !== undefined) {
    const warning = warningRaised(fault.reason, `What the sandbox had not stored yet is lost: ${fault.message}`);
    await log.decide(({ run }) => [{ ...warning, attempt: run.attempt }]).catch(() => {});
  }
  await finishRun(failed, signal, () => publish(log, log.run.attempt, Run_State.FAILED, failedOutcome(fault, undefined)));
}

/** Tries until the volume takes it: what cannot be written waits here, in memory. */
async function untilWritten(
  { logger }: Pick<SupervisedRun, "logger">,
  signal: AbortSignal,
  write: (fit: typeof fitRun) => Promise<void>,
): Promise<void> {
  const backoff = createBackoff({ initialMs: 200, maxMs: 5_000 });
  let fit = fitRun;
  for (;;) {
    try {
      await write(fit);
      return;
    } catch (error) {
      signal.throwIfAborted();
      logger.error({ error }, "run could not be finished yet");
      // What is wrong with the Run itself no waiting mends: the least that can be said of it is said.
      const isVolumes = isDiskTrouble(error) || Fault.from(error).reason.startsWith("VOLUME_");
      if (!isVolumes) fit = async (run) => ({ run: leastRun(run), drafts: [] });
      await delay(backoff.next(), { signal });
    }
  }
}

/** Writes a run's last record, unless it is there, and seals its journal. @throws Fault VOLUME_FULL or VOLUME_FAILED; it may then be asked again. */
export async function writeLast({ log, runFolder }: Pick<SupervisedRun, "log" | "runFolder">, fit = fitRun): Promise<void> {
  if (log.run.state === Run_State.FINALIZING) {
    const ended = { ...log.run, state: log.fold.finalState, lastSequence: 0, resumeToken: "" };
    const fitted = await fit(ended, runFolder);
    await log.decide(({ run }) => {
      if (run.state !== Run_State.FINALIZING) return [];
      const finished = { ...fitted.run, endTime: new Date() };
      const summary = `${stateWords[ended.state] ?? "Ended"} after ${seconds(run)}`;
      const last: RunDraft = { attempt: run.attempt, summary, payload: { $case: "runFinished", value: { run: finished } } };
      return [...fitted.drafts, last];
    });
  }
  if (!isTerminal(log.run.state)) throw new Error("A run without an outcome was to be finished.");
  await log.journal.seal();
}

async function startSandbox(
  { log, provider, runFolder, spec, secrets, playbookSource, models, keptSandboxes, logger }: SupervisedRun,
  signal: AbortSignal,
): Promise<SandboxHandle | undefined> {
  const { isolation } = provider;
  // An attempt is announced only where it can begin.
  signal.throwIfAborted();
  const attempt = log.run.attempt + 1;
  const cause = log.fold.attempt.failure?.error?.reason ?? "";
  const summary = attempt === 1 ? "Starting a sandbox" : `Starting another sandbox (attempt ${attempt})`;
  await log.decide(() => [{ attempt, summary, payload: { $case: "attemptStarted", value: { cause, isolation } } }]);
  const timeoutSeconds = log.run.spec?.timeoutSeconds ?? limits.timeoutSeconds.default;
  const plan = {
    runId: log.run.id,
    attempt,
    runFolder,
    inputs: inputPaths(runFolder, log.run.spec?.files ?? []),
    egress: runEgress(spec, playbookSource),
    models: (await models?.ofRun(spec, runFolder, log.run.usage))?.granted,
    deadlineMs: limits.startMs + timeoutSeconds * 1_000 + limits.finalizeMs,
    mayBeKept: (spec.keepAliveSeconds ?? 0) > 0,
  };
  try {
    if (spec.continueFrom !== undefined) {
      if (keptSandboxes === undefined) throw new Fault("PARENT_GONE");
      const taken = await keptSandboxes.take(plan);
      secrets.addHeld(taken.secrets);
      return taken.handle;
    }
    return await provider.start(plan, { signal });
  } catch (error) {
    signal.throwIfAborted();
    logger.error({ attempt, error }, "sandbox did not start");
    if (isDiskTrouble(error)) throw volumeFault(error);
    return void (await endAttempt(log, attempt, startFault(error)));
  }
}

/** What a run says of a sandbox that did not start: its own reason, or the system's short word for it. */
function startFault(error: unknown): Fault {
  if (error instanceof Fault && (error.reason === "SANDBOX_START_FAILED" || error.reason === "PARENT_GONE")) return error;
  const cause = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : Fault.from(error).reason;
  return new Fault("SANDBOX_START_FAILED", { details: { cause }, cause: error });
}

function seconds({ startTime, createTime }: Run): string {
  const from = (startTime ?? createTime)?.getTime() ?? Date.now();
  return `${Math.max(0, (Date.now() - from) / 1000).toFixed(1)} s`;
}
