import { Fault } from "@clew/fault/fault";
import type { Logger } from "@clew/process/logger";
import { Artifact_Kind, Run, Run_State, type RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import { storeArtifact } from "../artifacts/artifact-store.ts";
import { limits } from "../runs/limits.ts";
import { isTerminal } from "../runs/transitions.ts";
import type { SandboxHandle, SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import { publish, publishStopped, releaseSandbox, runAttempt } from "./attempt.ts";
import { keepLog } from "./keep-log.ts";
import { failedOutcome, stateWords } from "./phrases.ts";
import type { RunDraft, RunLog } from "./run-log.ts";
import { artifactStored } from "./take-artifact.ts";

/** What supervising a run needs. */
export interface SupervisedRun {
  readonly log: RunLog;
  readonly provider: SandboxProvider;
  readonly runFolder: string;
  /** With the credentials, which the stored spec has not. */
  readonly spec: RunSpec;
  readonly playbookSource: string;
  readonly secretOf: (attempt: number) => string;
  readonly logger: Logger;
}

/**
 * Takes one run from its first attempt to its last record. It goes by what the journal says, so it may begin anywhere:
 * for a run that was just created, or one whose sandbox outlived the orchestrator before this one.
 *
 * @throws the signal's reason when that aborts; the run and its sandbox are then left as they are.
 */
export async function superviseRun(supervised: SupervisedRun, signal: AbortSignal): Promise<void> {
  const { log, provider, runFolder, logger } = supervised;
  let handle = await provider.find(runFolder);
  while (log.run.outcome === undefined || handle !== undefined) {
    const attempt = handle?.attempt ?? log.run.attempt + 1;
    const secret = supervised.secretOf(attempt);
    if (handle === undefined) {
      if (log.fold.stop !== undefined) {
        await publishStopped(log, log.run.attempt, undefined);
        break;
      }
      handle = await startSandbox(supervised, attempt, secret, signal);
    }
    const begunBefore = log.fold.attempt.startedAtMs !== undefined;
    let fault = new Fault("SANDBOX_START_FAILED");
    let begun = begunBefore;
    if (handle !== undefined) {
      const plan = { ...supervised, attempt, handle, secret };
      const end = await runAttempt(plan, signal);
      if (end.kind === "lost") {
        const { workFolder } = handle;
        await keepLog({ log, attempt, runFolder, workFolder, secrets: Object.values(supervised.spec.credentials) }).catch(
          (error: unknown) => logger.warn({ error }, "log of a lost sandbox was not kept"),
        );
      }
      await releaseSandbox(plan);
      handle = undefined;
      if (end.kind === "outcome") break;
      ({ fault, begun } = end);
    }
    logger.warn({ attempt, reason: fault.reason, begun }, "sandbox lost");
    const again = !begun && attempt < limits.startAttempts && fault.reason !== "SANDBOX_MISBEHAVED";
    if (!again) await publish(log, attempt, Run_State.FAILED, failedOutcome(fault, undefined));
  }
  await finishRun(supervised, signal);
}

/** Writes a run's last record and seals its journal, however long the volume takes to let it. The run must have an outcome. */
export function finishRun(finished: Pick<SupervisedRun, "log" | "runFolder" | "logger">, signal: AbortSignal): Promise<void> {
  return untilWritten(finished, signal, () => writeLast(finished));
}

/** Ends a run that cannot go on: its sandbox, and then the run itself with `fault` as its outcome, unless it has one. */
export async function failRun(failed: SupervisedRun, fault: Fault, signal: AbortSignal): Promise<void> {
  const { log, provider, runFolder, logger, secretOf } = failed;
  const handle = await provider.find(runFolder).catch(() => undefined);
  if (handle !== undefined) {
    const released = releaseSandbox({ provider, handle, secret: secretOf(handle.attempt), logger });
    await released.catch((error: unknown) => logger.error({ error }, "sandbox of a failed run was not removed"));
  }
  await untilWritten(failed, signal, async () => {
    await publish(log, log.run.attempt, Run_State.FAILED, failedOutcome(fault, undefined));
    await writeLast(failed);
  });
}

/** Tries until the volume takes it: what cannot be written waits here, in memory. */
async function untilWritten(
  { log, logger }: Pick<SupervisedRun, "log" | "logger">,
  signal: AbortSignal,
  write: () => Promise<void>,
): Promise<void> {
  const backoff = createBackoff({ initialMs: 200, maxMs: 5_000 });
  for (;;) {
    try {
      await log.journal.recover();
      await write();
      return;
    } catch (error) {
      signal.throwIfAborted();
      logger.error({ error }, "run could not be finished yet");
      await delay(backoff.next(), { signal });
    }
  }
}

async function writeLast({ log, runFolder }: Pick<SupervisedRun, "log" | "runFolder">): Promise<void> {
  const whole = await fitRun(log, runFolder);
  await log.decide(({ run, finalState }) => {
    if (run.state !== Run_State.FINALIZING) return [];
    const finished = { ...whole.run, state: finalState, endTime: new Date(), lastSequence: 0, resumeToken: "" };
    const summary = `${stateWords[finalState] ?? "Ended"} after ${seconds(run)}`;
    const last: RunDraft = { attempt: run.attempt, summary, payload: { $case: "runFinished", value: { run: finished } } };
    return [...whole.drafts, last];
  });
  if (!isTerminal(log.run.state)) throw new Error("A run without an outcome was to be finished.");
  await log.journal.seal();
}

async function startSandbox(
  { log, provider, runFolder, logger }: SupervisedRun,
  attempt: number,
  secret: string,
  signal: AbortSignal,
): Promise<SandboxHandle | undefined> {
  const { isolation } = provider;
  await log.decide(() => [
    {
      attempt,
      summary: attempt === 1 ? "Starting a sandbox" : `Starting another sandbox (attempt ${attempt})`,
      payload: { $case: "attemptStarted", value: { cause: attempt === 1 ? "" : "SANDBOX_LOST", isolation } },
    },
  ]);
  const timeoutSeconds = log.run.spec?.timeoutSeconds ?? limits.timeoutSeconds.default;
  const plan = { runId: log.run.id, attempt, runFolder, secret, deadlineMs: limits.startMs + timeoutSeconds * 1_000 + limits.finalizeMs };
  try {
    return await provider.start(plan, { signal });
  } catch (error) {
    signal.throwIfAborted();
    logger.error({ attempt, error }, "sandbox did not start");
    return undefined;
  }
}

/** Makes the Run fit its last event: what is too large goes to an artifact that the event names. */
async function fitRun(log: RunLog, runFolder: string): Promise<{ run: Run; drafts: RunDraft[] }> {
  const { run } = log;
  const text = JSON.stringify(run);
  if (Run.encode(run).finish().byteLength <= limits.eventBytes - limits.eventHeadroomBytes) return { run, drafts: [] };
  const name = "run.json";
  const stored = await storeArtifact(runFolder, name, [Buffer.from(text)]);
  const draft: RunDraft = {
    attempt: run.attempt,
    ...artifactStored({ name, kind: Artifact_Kind.DATA, contentType: "application/json", ...stored }),
  };
  const outcome =
    run.outcome === undefined
      ? undefined
      : { ...run.outcome, data: undefined, extractedTexts: [], sessionMemory: "", truncated: true, dataArtifact: name };
  const spec =
    run.spec === undefined ? undefined : { ...run.spec, params: undefined, outputSchema: undefined, checks: [], guardrails: undefined };
  return { run: { ...run, outcome, spec, runArtifact: name }, drafts: [draft] };
}

function seconds({ startTime, createTime }: Run): string {
  const from = (startTime ?? createTime)?.getTime() ?? Date.now();
  return `${Math.max(0, (Date.now() - from) / 1000).toFixed(1)} s`;
}
