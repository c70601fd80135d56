import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { readOutboxFile } from "@clew/outbox/read-outbox-file";
import type { Logger } from "@clew/process/logger";
import { type Outcome, Run_State, type RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { delay } from "@clew/streams/delay";
import { startLease } from "@clew/streams/lease";
import { linkSignals } from "@clew/streams/linked-signal";
import type { SandboxProducer } from "../runs/admit.ts";
import { deadlineMs } from "../runs/deadline.ts";
import { limits } from "../runs/limits.ts";
import { graceEndsAtMs, type RunFold } from "../runs/run.ts";
import { connectSandbox, type SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { SandboxHandle, SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import { ingestLeft, ingestLive, positionOf, type Source } from "./ingest.ts";
import { failedOutcome, outcomePublished } from "./phrases.ts";
import type { RunLog } from "./run-log.ts";
import { takeArtifact } from "./take-artifact.ts";

/** What one attempt needs. */
export interface AttemptPlan {
  readonly log: RunLog;
  readonly attempt: number;
  readonly provider: SandboxProvider;
  readonly handle: SandboxHandle;
  readonly secret: string;
  readonly runFolder: string;
  readonly spec: RunSpec;
  readonly playbookSource: string;
  readonly logger: Logger;
}

/** How an attempt ended: with an outcome in the journal, or without. */
export type AttemptEnd = { readonly kind: "outcome" } | { readonly kind: "lost"; readonly fault: Fault; readonly begun: boolean };

const callMs = 10_000;
const stopSlackMs = 1_000;
const timedOutGraceMs = 2_000;
const exitMs = 10_000;

/** The reason of the stop that a stopping service asks of its runs. */
export const shutdownReason = "SHUTDOWN";

/**
 * Runs one attempt in a sandbox that is there: has it work, takes in what it says, and ends it by deadline, stop or
 * silence. Resolves when the attempt's outcome is durable, or its sandbox is lost; the sandbox may still live then.
 */
export async function runAttempt(plan: AttemptPlan, signal: AbortSignal): Promise<AttemptEnd> {
  const { log, attempt, handle, secret } = plan;
  using scope = linkSignals(signal);
  await using connection = connectSandbox(handle, secret);
  const silence = Promise.withResolvers<never>();
  silence.promise.catch(() => {});
  using lease = startLease({ ttlMs: limits.sandboxSilenceMs, onExpire: () => silence.reject(new Fault("SANDBOX_HUNG")) });
  const agentLease = { current: undefined as Disposable | undefined };

  const warden = ingestLive(source(plan, "warden", connection), connection.wardenEvents, {
    signal: scope.signal,
    onSign: () => lease.renew(),
  });
  warden.catch(() => {});
  let agent: Promise<void> | undefined;
  try {
    await Promise.race([
      within(log.until(isReadyOrOver, { signal: scope.signal }), limits.startMs, "SANDBOX_START_FAILED", scope.signal),
      silence.promise,
      rejected(warden),
    ]);
    if (isReady(log.fold)) {
      const watch = startLease({ ttlMs: limits.sandboxSilenceMs, onExpire: () => silence.reject(new Fault("SANDBOX_HUNG")) });
      agentLease.current = watch;
      agent = ingestLive(source(plan, "agent", connection), connection.agentEvents, { signal: scope.signal, onSign: () => watch.renew() });
      agent.catch(() => {});
      if (log.fold.run.outcome === undefined)
        await Promise.race([startWork(plan, connection, scope.signal), silence.promise, rejected(warden), rejected(agent)]);
    }
    const ending = await Promise.race([
      work(plan, connection, scope.signal),
      silence.promise,
      rejected(warden),
      ...(agent === undefined ? [] : [rejected(agent)]),
    ]);
    if (ending === "kill") await killSandbox(plan, connection, "STOPPED", signal);
  } catch (error) {
    signal.throwIfAborted();
    const fault = Fault.from(error);
    if (fault.reason === "INTERNAL" || fault.reason === "CANCELLED") throw error;
    plan.logger.warn({ attempt, reason: fault.reason, error: fault.cause }, "attempt broke");
    await killSandbox(plan, connection, fault.reason, signal);
    if (log.fold.run.outcome === undefined) return { kind: "lost", fault, begun: hasBegun(log.fold) };
  }

  // The work is over or lost: let the sandbox say what it has left to say, then end it.
  try {
    if (agent !== undefined && !log.fold.attempt.exited)
      await within(Promise.race([agent, exited(log, scope.signal)]), limits.finalizeMs, "SANDBOX_HUNG", scope.signal).catch(() => {});
    if (!log.fold.attempt.exited)
      await killSandbox(plan, connection, log.fold.run.outcome === undefined ? "LOST" : "FINISHED", scope.signal);
    await within(warden, exitMs, "SANDBOX_HUNG", scope.signal).catch(() => {});
  } finally {
    agentLease.current?.[Symbol.dispose]();
    scope.abort(new Fault("CANCELLED"));
    await Promise.allSettled([warden, agent]);
  }
  signal.throwIfAborted();
  await takeLeftovers(plan, connection, signal);
  if (log.fold.run.outcome !== undefined) return { kind: "outcome" };
  return { kind: "lost", fault: new Fault("SANDBOX_LOST"), begun: hasBegun(log.fold) };
}

/** Ends what is left of a sandbox and removes it: by its warden where that answers, otherwise by force. */
export async function releaseSandbox({
  provider,
  handle,
  secret,
  logger,
}: Pick<AttemptPlan, "provider" | "handle" | "secret" | "logger">): Promise<void> {
  try {
    if (await provider.isAlive(handle)) {
      await using connection = connectSandbox(handle, secret);
      await connection.warden.releaseSandbox({}, { timeoutMs: callMs });
    }
  } catch (error) {
    logger.warn({ error }, "warden did not release its sandbox");
  }
  await provider.kill(handle);
  await provider.remove(handle);
}

function source({ log, attempt, spec, runFolder, logger }: AttemptPlan, producer: SandboxProducer, connection: SandboxConnection): Source {
  return {
    log,
    attempt,
    producer,
    secrets: Object.values(spec.credentials),
    takeArtifact: (ready, signal) =>
      takeArtifact(log, runFolder, ready, (offset) => connection.warden.readWorkFile({ name: ready.name, offset }, { signal })),
    logger,
  };
}

async function startWork(
  { log, attempt, spec, playbookSource }: AttemptPlan,
  { agent }: SandboxConnection,
  signal: AbortSignal,
): Promise<void> {
  await agent.startWork({ runId: log.run.id, attempt, spec, playbookSource, credentials: spec.credentials }, { signal, timeoutMs: callMs });
}

/** Whether the sandbox may still put its things in order, or must be ended at once. */
type Ending = "settle" | "kill";

/** Waits until the run has an outcome or its sandbox is gone, and brings that about at the deadline or when asked to stop. */
async function work(plan: AttemptPlan, connection: SandboxConnection, signal: AbortSignal): Promise<Ending> {
  const { log } = plan;
  for (;;) {
    const { fold } = log;
    if (fold.run.outcome !== undefined || fold.attempt.exited) return "settle";
    if (fold.stop !== undefined) return stop(plan, connection, signal);
    using wait = linkSignals(signal);
    const changed = log.until((now) => now !== fold && isNews(fold, now), { signal: wait.signal });
    changed.catch(() => {});
    const deadline = deadlineMs(fold);
    const timer =
      deadline === undefined
        ? undefined
        : delay(Math.max(0, deadline - Date.now()), { signal: wait.signal }).then(() => "deadline" as const);
    timer?.catch(() => {});
    const first = await Promise.race([changed, ...(timer === undefined ? [] : [timer])]);
    wait.abort();
    if (first === "deadline") return timeOut(plan, connection, signal);
  }
}

async function stop(plan: AttemptPlan, connection: SandboxConnection, signal: AbortSignal): Promise<Ending> {
  const { log, attempt } = plan;
  const wish = log.fold.stop;
  if (wish === undefined) return "settle";
  const endsAtMs = graceEndsAtMs(wish);
  const graceMs = Math.max(0, Math.ceil(endsAtMs - Date.now()));
  let partial: Outcome | undefined;
  if (graceMs > 0) {
    using wait = linkSignals(signal);
    // A later stop with a shorter grace ends this wait, and the next one begins with what is left.
    const overtaken = log.until(
      ({ run, attempt: { exited }, stop: later }) =>
        run.outcome !== undefined || exited || (later !== undefined && graceEndsAtMs(later) < endsAtMs),
      {
        signal: wait.signal,
      },
    );
    const stopped = connection.agent
      .stopWork({ graceMs }, { signal: wait.signal, timeoutMs: graceMs + stopSlackMs })
      .then(({ partialOutcome }) => {
        partial = partialOutcome;
      });
    await Promise.race([overtaken, stopped]).catch(() => {});
    wait.abort();
    await Promise.allSettled([overtaken, stopped]);
    signal.throwIfAborted();
    const later = log.fold.stop;
    if (partial === undefined && later !== undefined && graceEndsAtMs(later) < endsAtMs) return stop(plan, connection, signal);
  }
  await publishStopped(log, attempt, partial);
  return partial === undefined ? "kill" : "settle";
}

/** Writes the outcome of a run that was asked to stop, unless it has one. */
export function publishStopped(log: RunLog, attempt: number, partial: Outcome | undefined): Promise<void> {
  const reason = log.fold.stop?.reason ?? "";
  if (reason === shutdownReason) return publish(log, attempt, Run_State.FAILED, failedOutcome(new Fault("SHUTDOWN"), partial));
  const fault = new Fault("TERMINATED", reason === "" ? {} : { message: `A caller stopped the run: ${reason}` });
  return publish(log, attempt, Run_State.TERMINATED, failedOutcome(fault, partial));
}

async function timeOut({ log, attempt }: AttemptPlan, { agent }: SandboxConnection, signal: AbortSignal): Promise<Ending> {
  await publish(log, attempt, Run_State.TIMED_OUT, failedOutcome(new Fault("TIMED_OUT"), undefined));
  try {
    await agent.stopWork({ graceMs: timedOutGraceMs }, { signal, timeoutMs: timedOutGraceMs + stopSlackMs });
    return "settle";
  } catch {
    signal.throwIfAborted();
    return "kill";
  }
}

/** Writes an outcome, unless one is durable already. */
export function publish(log: RunLog, attempt: number, state: Run_State, outcome: Outcome): Promise<void> {
  return log.decide(({ run }) => (run.outcome === undefined ? [{ ...outcomePublished(state, outcome), attempt }] : []));
}

async function killSandbox(
  { provider, handle, logger }: AttemptPlan,
  { warden }: SandboxConnection,
  cause: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await warden.killSandbox({ cause }, { signal, timeoutMs: callMs });
  } catch (error) {
    signal.throwIfAborted();
    logger.warn({ error }, "warden did not end its sandbox");
    await provider.kill(handle);
  }
}

/** What both producers had written before they ended, and nobody had taken in. */
async function takeLeftovers(plan: AttemptPlan, connection: SandboxConnection, signal: AbortSignal): Promise<void> {
  for (const producer of ["agent", "warden"] as const) {
    try {
      const from = source(plan, producer, connection);
      const { events } = readOutboxFile(join(plan.handle.workFolder, `${producer}.outbox`), { after: positionOf(from) });
      await ingestLeft(from, events, signal);
    } catch (error) {
      signal.throwIfAborted();
      plan.logger.warn({ producer, error }, "what a producer left could not be read");
    }
  }
}

const isReady = ({ attempt }: RunFold) => attempt.readyAtMs !== undefined && !attempt.exited;
const isReadyOrOver = ({ attempt, run, stop: wish }: RunFold) =>
  attempt.readyAtMs !== undefined || attempt.exited || run.outcome !== undefined || wish !== undefined;
const hasBegun = ({ attempt }: RunFold) => attempt.startedAtMs !== undefined;

function isNews(before: RunFold, now: RunFold): boolean {
  return (
    now.run.outcome !== undefined ||
    now.attempt.exited ||
    now.stop !== before.stop ||
    now.clock.startedAtMs !== before.clock.startedAtMs ||
    now.clock.waitingSinceMs !== before.clock.waitingSinceMs
  );
}

async function exited(log: RunLog, signal: AbortSignal): Promise<void> {
  await log.until(({ attempt }) => attempt.exited, { signal });
}

/** Never resolves; rejects as `promise` does. */
function rejected(promise: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => promise.catch(reject));
}

async function within<T>(
  promise: Promise<T>,
  ms: number,
  reason: "SANDBOX_START_FAILED" | "SANDBOX_HUNG",
  signal: AbortSignal,
): Promise<T> {
  using link = linkSignals(signal);
  const late = delay(ms, { signal: link.signal }).then(() => Promise.reject(new Fault(reason)));
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    link.abort();
  }
}
