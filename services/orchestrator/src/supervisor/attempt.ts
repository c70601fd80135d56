import { Fault } from "@clew/fault/fault";
import { readOutboxFile } from "@clew/outbox/read-outbox-file";
import { placesOf } from "@clew/outbox/work-folder";
import type { Logger } from "@clew/process/logger";
import { type Outcome, Run_State, type RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { delay } from "@clew/streams/delay";
import { startLease } from "@clew/streams/lease";
import { linkSignals } from "@clew/streams/linked-signal";
import type { SandboxProducer } from "../runs/admit.ts";
import { deadlineMs } from "../runs/deadline.ts";
import { fitOutcome } from "../runs/fit-outcome.ts";
import { limits } from "../runs/limits.ts";
import { graceEndsAtMs, isDecided, type RunFold } from "../runs/run.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { SandboxHandle, SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import type { BrowserStates } from "../states/browser-states.ts";
import type { SignAnswer } from "./answer-input.ts";
import { attendPerson } from "./attend-person.ts";
import { type EventClient, ingestLeft, ingestLive, ingestPosition, type Source } from "./ingest.ts";
import { failedOutcome, outcomePublished } from "./phrases.ts";
import { readWorkFile } from "./read-work-file.ts";
import type { RunLog } from "./run-log.ts";
import type { RunSecrets } from "./run-secrets.ts";
import { keepLogin } from "./saved-login.ts";
import { startWork } from "./start-work.ts";
import { takeArtifact } from "./take-artifact.ts";
import { takeLeftFiles } from "./take-left-files.ts";

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
  readonly calledPlaybooks: Readonly<Record<string, string>>;
  readonly secrets: RunSecrets;
  /** HMAC of an answer: tells the same from another. */
  readonly signAnswer: SignAnswer;
  readonly logger: Logger;
  readonly states?: BrowserStates | undefined;
}

/** Where an ended sandbox left what it had to say. */
export type Leftovers = Pick<AttemptPlan, "log" | "attempt" | "secrets" | "runFolder" | "logger"> & {
  readonly workFolder: string;
  /** Who had said all it would ever say, and was taken in to its end. */
  readonly ended?: ReadonlySet<SandboxProducer>;
};

const callMs = 10_000;
const stopSlackMs = 1_000;
const timedOutGraceMs = 2_000;
const exitMs = 10_000;
const pulseMs = 1_000;

/**
 * Runs one attempt in a sandbox that was started: has it work, takes in what it says, and ends it by deadline, stop or
 * silence. Resolves when how the attempt ended is durable, or answers why its sandbox is lost; what is left of the sandbox is the caller's to release.
 */
export async function runAttempt(plan: AttemptPlan, signal: AbortSignal): Promise<Fault | undefined> {
  const { log, attempt, handle, secret, provider } = plan;
  await using connection = provider.connect(handle, secret);
  const ended = new Set<SandboxProducer>();
  const broke = (await provider.isAlive(handle)) ? await holdSandbox(plan, connection, ended, signal) : undefined;
  signal.throwIfAborted();
  const isAlive = await provider.isAlive(handle);
  await takeLeftovers({ ...plan, workFolder: handle.workFolder, ended }, isAlive ? connection : undefined, signal);
  if (log.fold.attempt.exitCause === "DEADLINE")
    await publish(log, attempt, Run_State.TIMED_OUT, failedOutcome(new Fault("TIMED_OUT"), undefined));
  return isDecided(log.fold) ? undefined : (broke ?? new Fault("SANDBOX_LOST"));
}

/** Stays with a sandbox until it has said all it had to say, and notes whom it took in to the end. Answers what broke, if anything did. */
async function holdSandbox(
  plan: AttemptPlan,
  connection: SandboxConnection,
  ended: Set<SandboxProducer>,
  signal: AbortSignal,
): Promise<Fault | undefined> {
  const { log, attempt, provider, handle } = plan;
  using scope = linkSignals(signal);
  const taking: Promise<void>[] = [];
  await using watches = new AsyncDisposableStack();
  // Whatever way this is left: nobody goes on to call a sandbox that is nobody's.
  watches.defer(async () => {
    scope.abort(new Fault("CANCELLED"));
    await Promise.allSettled(taking);
  });
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  const watch = () =>
    watches.use(
      startLease({ ttlMs: provider.silenceMs ?? limits.sandboxSilenceMs, onExpire: () => broken.reject(new Fault("SANDBOX_HUNG")) }),
    );
  const take = (producer: SandboxProducer, client: EventClient) => {
    const lease = watch();
    const taken = ingestLive(source(plan, producer, connection), client, { signal: scope.signal, onSign: () => lease.renew() });
    taken.then(() => ended.add(producer), broken.reject);
    taking.push(taken);
    return taken;
  };
  const pulse = setInterval(() => {
    void provider.isAlive(handle).then((isAlive) => isAlive || broken.reject(new Fault("SANDBOX_LOST")), broken.reject);
  }, pulseMs);
  watches.defer(() => clearInterval(pulse));

  const warden = take("warden", connection.wardenEvents);
  let agent: Promise<void> | undefined;
  let fault: Fault | undefined;
  try {
    await Promise.race([
      within(log.until(isReadyOrOver, { signal: scope.signal }), limits.startMs, "SANDBOX_START_FAILED", scope.signal),
      broken.promise,
    ]);
    if (isReady(log.fold)) {
      agent = take("agent", connection.agentEvents);
      const attending = attendPerson(plan, connection, scope.signal);
      attending.catch(broken.reject);
      taking.push(attending);
      if (!isDecided(log.fold)) await Promise.race([startWork(plan, connection, scope.signal), broken.promise]);
    }
    const ending = await Promise.race([work(plan, connection, scope.signal), broken.promise]);
    if (ending === "kill") await killSandbox(plan, connection, "STOPPED", signal);
    else await Promise.race([keepLogin(plan, connection, scope.signal), exited(log, scope.signal), broken.promise]);
  } catch (error) {
    signal.throwIfAborted();
    fault = Fault.from(error);
    if (fault.reason === "INTERNAL") throw error;
    plan.logger.warn({ attempt, reason: fault.reason, error: fault.cause }, "attempt broke");
    await killSandbox(plan, connection, fault.reason, signal);
  }
  // The work is over or lost: let the sandbox say what it has left to say, then end it.
  const isOver = () => log.fold.attempt.exited || fault !== undefined;
  if (agent !== undefined && !isOver())
    await within(Promise.race([agent, exited(log, scope.signal), broken.promise]), limits.finalizeMs, "SANDBOX_HUNG", scope.signal).catch(
      () => {},
    );
  if (!isOver()) await killSandbox(plan, connection, isDecided(log.fold) ? "FINISHED" : "LOST", scope.signal);
  await within(Promise.race([warden, broken.promise]), exitMs, "SANDBOX_HUNG", scope.signal).catch(() => {});
  return fault;
}

function source(
  { log, attempt, secrets, runFolder, logger }: AttemptPlan,
  producer: SandboxProducer,
  { warden }: SandboxConnection,
): Source {
  return {
    log,
    attempt,
    producer,
    secrets: secrets.known,
    takeArtifact: (ready, signal) =>
      takeArtifact(log, runFolder, ready, (offset, until) => warden.readWorkFile({ name: ready.name, offset }, { signal: until }), {
        signal,
        deadline: AbortSignal.timeout(limits.finalizeMs),
      }),
    logger,
  };
}

/** Whether the sandbox may still put its things in order, or must be ended at once. */
type Ending = "settle" | "kill";

/** Waits until it is known how the attempt ended or its sandbox is gone, and brings that about at the deadline or when asked to stop. */
async function work(plan: AttemptPlan, connection: SandboxConnection, signal: AbortSignal): Promise<Ending> {
  const { log } = plan;
  for (;;) {
    const { fold } = log;
    if (isDecided(fold) || fold.attempt.exited) return "settle";
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
        partial = partialOutcome && plan.secrets.known.redact(partialOutcome);
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
  // A caller has a name; the service that stops has none.
  if (log.fold.stop?.by === undefined) return publish(log, attempt, Run_State.FAILED, failedOutcome(new Fault("SHUTDOWN"), partial));
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

/** Writes an outcome, short where it would not fit, unless one is durable already. */
export function publish(log: RunLog, attempt: number, state: Run_State, outcome: Outcome): Promise<void> {
  return log.decide(({ run }) => (run.outcome === undefined ? [{ ...outcomePublished(state, fitOutcome(outcome)), attempt }] : []));
}

/** Ends a sandbox as well as it can: why it is to end stays what is said of it, and who releases it sees to it that it is dead. */
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
    await provider.kill(handle).catch((failed: unknown) => logger.error({ error: failed }, "sandbox was not ended"));
  }
}

/** Takes in what both producers had written before they ended and nobody had taken in, and the files they had not announced; announced ones come through the warden where one is connected, otherwise from the folder. Files that are not there by the deadline are lost. */
export async function takeLeftovers(
  left: Leftovers,
  connection: SandboxConnection | undefined,
  signal: AbortSignal,
  deadline = AbortSignal.timeout(limits.finalizeMs),
): Promise<void> {
  const { log, attempt, secrets, runFolder, workFolder, logger } = left;
  const read = (name: string, offset: number, until: AbortSignal) =>
    connection === undefined ? readWorkFile(workFolder, name, offset) : connection.warden.readWorkFile({ name, offset }, { signal: until });
  for (const producer of (["agent", "warden"] as const).filter((one) => !left.ended?.has(one))) {
    const from: Source = {
      log,
      attempt,
      producer,
      secrets: secrets.known,
      takeArtifact: (ready) =>
        takeArtifact(log, runFolder, ready, (offset, until) => read(ready.name, offset, until), { signal, deadline }),
      logger,
    };
    try {
      const { agentOutbox, wardenOutbox } = placesOf(workFolder);
      const { events } = await readOutboxFile(producer === "agent" ? agentOutbox : wardenOutbox, { after: ingestPosition(from) });
      await ingestLeft(from, events, signal);
    } catch (error) {
      signal.throwIfAborted();
      logger.warn({ producer, error }, "what a producer left could not be read");
    }
  }
  if (!left.ended?.has("agent")) await takeLeftFiles(left, { signal, deadline });
}

const isReady = ({ attempt }: RunFold) => attempt.readyAtMs !== undefined && !attempt.exited;
const isReadyOrOver = (fold: RunFold) =>
  fold.attempt.readyAtMs !== undefined || fold.attempt.exited || isDecided(fold) || fold.stop !== undefined;

function isNews(before: RunFold, now: RunFold): boolean {
  return (
    isDecided(now) ||
    now.attempt.exited ||
    now.stop !== before.stop ||
    now.clock.startedAtMs !== before.clock.startedAtMs ||
    now.clock.waitingSinceMs !== before.clock.waitingSinceMs
  );
}

async function exited(log: RunLog, signal: AbortSignal): Promise<void> {
  await log.until(({ attempt }) => attempt.exited, { signal });
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
