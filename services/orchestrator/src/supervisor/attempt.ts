import { Fault } from "@clew/fault/fault";
import type { Logger } from "@clew/process/logger";
import { Run_State, type RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { abortable } from "@clew/streams/abortable";
import { delay } from "@clew/streams/delay";
import { startLease } from "@clew/streams/lease";
import { linkSignals } from "@clew/streams/linked-signal";
import type { RunModels } from "../models/run-models.ts";
import type { SandboxProducer } from "../runs/admit.ts";
import { limits } from "../runs/limits.ts";
import { redactEventOf } from "../runs/redact-event.ts";
import { isDecided, type RunFold } from "../runs/run.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { SandboxHandle, SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import type { CredentialSets } from "../secrets/credential-sets.ts";
import type { BrowserStates } from "../states/browser-states.ts";
import type { KeptSessions } from "../states/kept-sessions.ts";
import type { SignAnswer } from "./answer-input.ts";
import { askToKeep } from "./ask-to-keep.ts";
import { attendPerson } from "./attend-person.ts";
import { untilEnding } from "./end-attempt.ts";
import type { FinalizingTime } from "./finalizing-time.ts";
import { type EventClient, ingestLive, type Source } from "./ingest.ts";
import { keepSession } from "./kept-session.ts";
import { failedOutcome } from "./phrases.ts";
import { publish } from "./publish-outcome.ts";
import type { RunLog } from "./run-log.ts";
import type { RunSecrets } from "./run-secrets.ts";
import { keepLogin } from "./saved-login.ts";
import { startWork } from "./start-work.ts";
import { takeArtifact } from "./take-artifact.ts";
import { takeLeftovers } from "./take-leftovers.ts";

/** What one attempt needs. */
export interface AttemptPlan {
  readonly log: RunLog;
  readonly attempt: number;
  readonly provider: SandboxProvider;
  readonly handle: SandboxHandle;
  readonly runFolder: string;
  readonly spec: RunSpec;
  readonly playbookSource: string;
  readonly calledPlaybooks: Readonly<Record<string, string>>;
  readonly secrets: RunSecrets;
  /** HMAC of an answer: tells the same from another. */
  readonly signAnswer: SignAnswer;
  readonly logger: Logger;
  readonly states?: BrowserStates | undefined;
  /** What runs leave for forks; without it they leave nothing. */
  readonly sessions?: KeptSessions | undefined;
  /** The models that runs may call; without them there are none. */
  readonly models?: RunModels | undefined;
  readonly credentialSets?: CredentialSets | undefined;
  /** What the agent of the run noted that this one continues; empty where there was none. */
  readonly parentMemory?: string | undefined;
}

const callMs = 10_000;
const exitMs = 10_000;
const pulseMs = 1_000;

/**
 * Runs one attempt in a sandbox that was started: has it work, takes in what it says, and ends it by deadline, stop or
 * silence. Resolves when how the attempt ended is durable, or answers why its sandbox is lost; what is left of the sandbox is the caller's to release.
 *
 * @param time is begun once it is known how the attempt ends.
 */
export async function runAttempt(plan: AttemptPlan, time: FinalizingTime, signal: AbortSignal): Promise<Fault | undefined> {
  const { log, attempt, handle, provider } = plan;
  await using connection = provider.connect(handle);
  const ended = new Set<SandboxProducer>();
  const broke = (await provider.isAlive(handle)) ? await holdSandbox(plan, { connection, time, ended }, signal) : undefined;
  signal.throwIfAborted();
  time.begin();
  const isAlive = await provider.isAlive(handle);
  await takeLeftovers(
    { ...plan, workFolder: handle.workFolder, stay: handle.stay, ended },
    isAlive ? connection : undefined,
    signal,
    time.taking,
  );
  if (log.fold.attempt.exitCause === "DEADLINE")
    await publish(log, attempt, Run_State.TIMED_OUT, failedOutcome(new Fault("TIMED_OUT"), undefined));
  return isDecided(log.fold) ? undefined : (excess(log.fold) ?? broke ?? new Fault("SANDBOX_LOST"));
}

/** What a warden calls the limit that its sandbox passed, and what a run says of it. */
const excesses = {
  OUT_OF_MEMORY: "SANDBOX_OUT_OF_MEMORY",
  TOO_MANY_PROCESSES: "SANDBOX_TOO_MANY_PROCESSES",
  DISK_FULL: "SANDBOX_DISK_FULL",
} as const;

function excess({ attempt }: RunFold): Fault | undefined {
  const found = Object.entries(excesses).find(([cause]) => cause === attempt.exitCause);
  return found && new Fault(found[1]);
}

/** A sandbox that is alive, and how far its attempt is. */
interface Hold {
  readonly connection: SandboxConnection;
  readonly time: FinalizingTime;
  /** Gets whom it took in to the end. */
  readonly ended: Set<SandboxProducer>;
}

/** Stays with a sandbox until it has said all it had to say, and notes whom it took in to the end. Answers what broke, if anything did. */
async function holdSandbox(plan: AttemptPlan, { connection, time, ended }: Hold, signal: AbortSignal): Promise<Fault | undefined> {
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
    const taken = ingestLive(source(plan, producer, connection, time), client, { signal: scope.signal, onSign: () => lease.renew() });
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
  let beganWith: string | undefined;
  let fault: Fault | undefined;
  try {
    await Promise.race([
      within(log.until(isReadyOrOver, { signal: scope.signal }), limits.startMs, "SANDBOX_START_FAILED", scope.signal),
      broken.promise,
    ]);
    if (isReady(log.fold)) {
      agent = take("agent", connection.agentEvents);
      agent.then(
        () => isUnended(log.fold) && broken.reject(new Fault("SANDBOX_LOST", { message: "The sandbox's work ended without an outcome." })),
        () => {},
      );
      const attending = attendPerson(plan, connection, scope.signal);
      attending.catch(broken.reject);
      taking.push(attending);
      if (!isDecided(log.fold)) beganWith = await Promise.race([startWork(plan, connection, scope.signal), broken.promise]);
    }
    const ending = await Promise.race([untilEnding(plan, connection, scope.signal), broken.promise]);
    time.begin();
    if (ending === "kill") await killSandbox(plan, connection, "STOPPED", time, signal);
    else {
      const keeping = keepLogin(plan, connection, beganWith, scope.signal).then(() => keepSession(plan, connection, scope.signal));
      const kept = abortable(keeping, time.storing).catch((error: unknown) => {
        if (!time.storing.aborted) throw error;
      });
      await Promise.race([kept, exited(log, scope.signal), broken.promise]);
    }
  } catch (error) {
    signal.throwIfAborted();
    time.begin();
    fault = Fault.from(error);
    if (fault.reason === "INTERNAL") throw error;
    plan.logger.warn({ attempt, reason: fault.reason, error: fault.cause }, "attempt broke");
    await killSandbox(plan, connection, fault.reason, time, signal);
  }
  // The work is over or lost: let the sandbox say what it has left to say, then end it, or keep it.
  const isOver = () => log.fold.attempt.exited || fault !== undefined;
  if (agent !== undefined && !isOver())
    await abortable(Promise.race([agent, exited(log, scope.signal), broken.promise]), time.storing).catch(() => {});
  const isKept = !isOver() && ended.has("agent") && (await askToKeep(plan, connection, scope.signal));
  if (!isKept && !isOver()) await killSandbox(plan, connection, isDecided(log.fold) ? "FINISHED" : "LOST", time, scope.signal);
  await abortable(within(Promise.race([warden, broken.promise]), exitMs, "SANDBOX_HUNG", scope.signal), time.taking).catch(() => {});
  return fault;
}

function source(
  { log, attempt, secrets, runFolder, logger }: AttemptPlan,
  producer: SandboxProducer,
  { warden }: SandboxConnection,
  { taking }: FinalizingTime,
): Source {
  return {
    log,
    attempt,
    producer,
    redact: redactEventOf(producer, secrets.known),
    takeArtifact: (ready, signal) =>
      takeArtifact(log, runFolder, ready, (offset, until) => warden.readWorkFile({ name: ready.name, offset }, { signal: until }), {
        signal,
        deadline: AbortSignal.any([AbortSignal.timeout(limits.finalizeMs), taking]),
      }),
    logger,
  };
}

/** Ends a sandbox as well as it can: why it is to end stays what is said of it, and who releases it sees to it that it is dead. */
async function killSandbox(
  { provider, handle, logger }: AttemptPlan,
  { warden }: SandboxConnection,
  cause: string,
  { taking }: FinalizingTime,
  signal: AbortSignal,
): Promise<void> {
  using until = linkSignals(signal, taking);
  try {
    await abortable(warden.killSandbox({ cause }, { signal: until.signal, timeoutMs: callMs }), until.signal);
  } catch (error) {
    signal.throwIfAborted();
    logger.warn({ error }, "warden did not end its sandbox");
    await abortable(provider.kill(handle), until.signal).catch((failed: unknown) =>
      logger.error({ error: failed }, "sandbox was not ended"),
    );
  }
}

const isUnended = (fold: RunFold) => !isDecided(fold) && fold.stop === undefined;
const isReady = ({ attempt }: RunFold) => attempt.readyAtMs !== undefined && !attempt.exited;
const isReadyOrOver = (fold: RunFold) =>
  fold.attempt.readyAtMs !== undefined || fold.attempt.exited || isDecided(fold) || fold.stop !== undefined;

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
