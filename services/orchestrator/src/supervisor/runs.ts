import { randomUUIDv7 } from "node:crypto";
import { rm } from "node:fs/promises";
import { Fault } from "@clew/fault/fault";
import type { Logger } from "@clew/process/logger";
import { type Artifact, Artifact_Kind, Run, Run_Effects, Run_State, type RunSpec, Usage } from "@clew/proto/grpc/clew/run/v1/run";
import type { CreateRunRequest } from "@clew/proto/grpc/clew/run/v1/run_service";
import { abortable } from "@clew/streams/abortable";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import { type Caller, reaches } from "../access/caller.ts";
import { storeArtifact } from "../artifacts/artifact-store.ts";
import { Journal } from "../journal/journal.ts";
import { pickNext, positionOf, type QueuedRun } from "../queue/run-queue.ts";
import type { Registry, RunFilter } from "../registry/registry.ts";
import { canonicalSpec } from "../runs/canonical-spec.ts";
import { limits } from "../runs/limits.ts";
import { hasLostSecrets } from "../runs/lost-secrets.ts";
import type { PageCursor } from "../runs/page-token.ts";
import { graceEndsAtMs, type RunFold } from "../runs/run.ts";
import { isRunId, type RunId, toRunId } from "../runs/run-id.ts";
import { withoutSecrets } from "../runs/spec.ts";
import { isTerminal } from "../runs/transitions.ts";
import type { SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import type { Tombstones } from "../volume/tombstones.ts";
import type { Volume } from "../volume/volume.ts";
import { publish, publishStopped } from "./attempt.ts";
import { OpenJournals } from "./open-journals.ts";
import { openRun } from "./open-run.ts";
import { failedOutcome } from "./phrases.ts";
import { RunLog } from "./run-log.ts";
import { failRun, finishRun, superviseRun } from "./supervise.ts";
import { artifactStored } from "./take-artifact.ts";
import type { WantedRun } from "./wanted-run.ts";

/** What keeping runs needs. */
export interface RunsOptions {
  readonly volume: Volume;
  readonly registry: Registry;
  readonly tombstones: Tombstones;
  readonly provider: SandboxProvider;
  readonly maxConcurrentRuns: number;
  readonly maxQueuedRuns: number;
  readonly logger: Logger;
}

const reopenMs = 5_000;

/** A run that is not over, as this process keeps it. */
interface LiveRun {
  readonly log: RunLog;
  /** With the credentials, which are nowhere else. */
  readonly spec: RunSpec;
  readonly playbookSource: string;
  /** Keeps the journal open while the run is not over. */
  readonly hold: Disposable;
  /** Settles when the run is over or let go of; undefined while it waits for a place. */
  supervising: Promise<void> | undefined;
}

/** A run's journal and what it comes to, for one reader. Dispose it when done. */
export interface RunView extends Disposable {
  readonly journal: Journal;
  /** The Run as it is now. */
  readonly run: () => Run;
}

/** All runs of one volume: creates, queues, starts, stops and finds them. */
export class Runs implements AsyncDisposable {
  readonly #options: RunsOptions;
  readonly #live = new Map<RunId, LiveRun>();
  readonly #creating = new Map<string | symbol, Promise<Run>>();
  readonly #journals: OpenJournals;
  readonly #ending = new AbortController();
  readonly #supervised = new Set<Promise<void>>();
  #accepting = true;

  constructor(options: RunsOptions) {
    this.#options = options;
    this.#journals = new OpenJournals((runId) => options.volume.runFolder(runId));
  }

  /** How many runs wait for a place, and how many have one. */
  get load(): { readonly queued: number; readonly running: number } {
    const running = [...this.#live.values()].filter(({ supervising }) => supervising !== undefined).length;
    return { queued: this.#live.size - running, running };
  }

  /** Indexes what the registry misses, and goes on with every run that is not over. */
  async recover(): Promise<void> {
    const { volume, registry } = this.#options;
    const indexed = registry.ids();
    const found = await volume.listRuns();
    const there = new Set<string>(found);
    for (const id of indexed.keys()) if (!there.has(id)) registry.remove(id);
    const open = found.filter((runId) => {
      const state = indexed.get(runId);
      return state === undefined || !isTerminal(state);
    });
    for (const runId of open) if (!(await this.#reopen(runId))) this.#retryOpening(runId);
    // Those that were under way come first: they have a place already.
    for (const [runId, live] of this.#live) if (live.log.run.state !== Run_State.QUEUED) this.#supervise(runId, live);
    for (const [runId, live] of this.#live) if (live.supervising === undefined) this.#watchQueue(runId, live);
    this.#pump();
  }

  /** Creates a run and queues it; the same request id with the same request answers the run it made before. */
  async create({ requestId, spec: asked }: CreateRunRequest, wanted: WantedRun): Promise<Run> {
    const { registry, volume, maxQueuedRuns } = this.#options;
    const { caller } = wanted;
    const requestHmac = volume.sign("request", Buffer.from(canonicalSpec(asked)));
    const key = requestId === "" ? Symbol("no request id") : `${caller.tenant}\0${requestId}`;
    while (this.#creating.has(key)) await this.#creating.get(key)?.catch(() => {});
    const made = requestId === "" ? undefined : registry.findRequest(caller.tenant, requestId);
    if (made !== undefined) {
      if (made.requestHmac !== requestHmac) throw new Fault("IDEMPOTENCY_CONFLICT");
      return this.get(made.runId, caller);
    }
    if (!this.#accepting) throw new Fault("SHUTTING_DOWN", { retryAfterMs: 2_000 });
    const { queued, running } = this.load;
    if (queued + this.#creating.size >= maxQueuedRuns) {
      throw new Fault("QUEUE_FULL", { retryAfterMs: 5_000, details: { queued: String(queued), running: String(running) } });
    }
    const creating = this.#create(requestId, requestHmac, wanted);
    this.#creating.set(key, creating);
    try {
      return await creating;
    } finally {
      this.#creating.delete(key);
    }
  }

  /** Reads a run. @throws Fault RUN_NOT_FOUND also where it is not within the caller's reach. */
  get(runId: string, caller: Caller): Run {
    const run = (isRunId(runId) ? this.#live.get(runId)?.log.run : undefined) ?? this.#options.registry.get(runId);
    if (run !== undefined && reaches(caller, runId, run.tenant)) return run;
    const buried = this.#options.tombstones.tenantOf(runId);
    throw new Fault(buried !== undefined && reaches(caller, runId, buried) ? "RUN_DELETED" : "RUN_NOT_FOUND");
  }

  /** Deletes a terminal run with all it left; a tombstone stays. */
  async delete(runId: string, caller: Caller): Promise<void> {
    const run = this.get(runId, caller);
    if (!isRunId(runId)) throw new Fault("RUN_NOT_FOUND");
    if (!isTerminal(run.state) || this.#live.has(runId)) throw new Fault("RUN_NOT_TERMINAL");
    await this.#options.tombstones.bury(runId, run.tenant, this.#options.volume.runFolder(runId));
    this.#options.registry.remove(runId);
    this.#journals.forget(runId);
  }

  /** Reads a run, waiting at most `waitMs` for its end. */
  async waitForEnd(runId: string, caller: Caller, waitMs: number, signal: AbortSignal): Promise<Run> {
    const run = this.get(runId, caller);
    const live = isRunId(runId) ? this.#live.get(runId) : undefined;
    if (live === undefined || waitMs === 0 || isTerminal(run.state)) return run;
    using wait = linkSignals(signal);
    const ended = live.log.until(({ run: now }) => isTerminal(now.state), { signal: wait.signal });
    await Promise.race([ended, delay(waitMs, { signal: wait.signal })]).catch(() => {});
    wait.abort();
    await ended.catch(() => {});
    signal.throwIfAborted();
    return this.get(runId, caller);
  }

  /** Lists runs, newest first. */
  list(filter: RunFilter, cursor: PageCursor | undefined, limit: number): Run[] {
    return this.#options.registry
      .list(filter, cursor, limit)
      .map((run) => (isRunId(run.id) ? (this.#live.get(run.id)?.log.run ?? run) : run));
  }

  /** The files of a run, by name. */
  artifacts(runId: string, caller: Caller): Artifact[] {
    this.get(runId, caller);
    return this.#options.registry.artifacts(runId);
  }

  /** Asks a run to stop; one that is over stays as it is. */
  async stop(runId: string, caller: Caller, reason: string, graceSeconds: number): Promise<Run> {
    this.get(runId, caller);
    const live = isRunId(runId) ? this.#live.get(runId) : undefined;
    if (live !== undefined) await this.#stop(live, reason, graceSeconds, { key: caller.key, actor: caller.actor });
    return this.get(runId, caller);
  }

  /** Opens a run's journal for a reader. */
  async view(runId: string, caller: Caller): Promise<RunView> {
    this.get(runId, caller);
    if (!isRunId(runId)) throw new Fault("RUN_NOT_FOUND");
    const { journal, [Symbol.dispose]: release } = await this.#journals.borrow(runId);
    return { journal, run: () => this.get(runId, caller), [Symbol.dispose]: release };
  }

  /** Stops every run that is under way, and waits until each is over or `signal` aborts. Queued runs stay queued. */
  async stopAll(graceSeconds: number, signal: AbortSignal): Promise<void> {
    this.#accepting = false;
    const running = [...this.#live].filter(([, { supervising }]) => supervising !== undefined);
    await Promise.allSettled(running.map(([, live]) => this.#stop(live, "", graceSeconds, undefined)));
    await abortable(Promise.allSettled(running.map(([, { supervising }]) => supervising)), signal).catch(() => {});
    // What did not end in time is killed; the next orchestrator finds it lost and ends it.
    const { provider, volume } = this.#options;
    for (const [runId] of running.filter(([id]) => this.#live.has(id))) {
      const handle = await provider.find(volume.runFolder(runId)).catch(() => undefined);
      if (handle !== undefined) await provider.kill(handle).catch(() => {});
    }
  }

  /** Lets go of every run as it is, for the next orchestrator to go on with. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#accepting = false;
    this.#ending.abort(new Fault("SHUTTING_DOWN"));
    await Promise.allSettled(this.#supervised);
    await Promise.allSettled([...this.#live.values()].map(({ log }) => log.settled()));
    await this.#journals[Symbol.asyncDispose]();
  }

  async #create(requestId: string, requestHmac: string, { spec, resolve, caller, traceparent }: WantedRun): Promise<Run> {
    const { volume } = this.#options;
    const work = await resolve();
    const runId = toRunId(randomUUIDv7());
    const folder = volume.runFolder(runId);
    const by = { key: caller.key, actor: caller.actor };
    const run: Run = {
      ...Run.fromPartial({ id: runId, tenant: caller.tenant, state: Run_State.QUEUED, effects: Run_Effects.NONE, traceparent }),
      spec: withoutSecrets(spec, work.reference.sha256),
      playbook: work.reference,
      usage: Usage.fromPartial({}),
      createTime: new Date(),
    };
    await using undo = new AsyncDisposableStack();
    undo.defer(() => rm(folder, { recursive: true, force: true }));
    let log: RunLog | undefined;
    const journal = undo.use(await Journal.create({ folder, runId, onDurable: (records) => log?.hear(records) }));
    log = new RunLog(journal, undefined, (fold, before) => this.#index(fold, before));
    const name = "playbook.yaml";
    const stored = await storeArtifact(folder, name, [Buffer.from(work.source)]);
    const queued: QueuedRun = { id: runId, priority: spec.priority ?? limits.priority.default, createTimeMs: Date.now() };
    const position = positionOf(queued, this.#waiting());
    const summary = position === 0 ? "Waits for a place" : `Waits for a place behind ${position} others`;
    await log.begin([
      {
        attempt: 0,
        summary: `Created a run of ${work.reference.id}`,
        payload: { $case: "runCreated", value: { run, by, requestId, requestHmac } },
      },
      { attempt: 0, ...artifactStored({ name, kind: Artifact_Kind.PLAYBOOK, contentType: "application/yaml", ...stored }) },
      { attempt: 0, summary, payload: { $case: "runQueued", value: { position } } },
    ]);
    undo.move();
    const live: LiveRun = { log, spec, playbookSource: work.source, hold: this.#journals.adopt(runId, journal), supervising: undefined };
    this.#live.set(runId, live);
    this.#watchQueue(runId, live);
    const created = log.run;
    this.#pump();
    return created;
  }

  /** Opens a run that is not known to be over. Answers false where that may go better later. */
  async #reopen(runId: RunId): Promise<boolean> {
    const { volume, registry, logger } = this.#options;
    try {
      const opened = await openRun(volume.runFolder(runId), runId, (fold, before) => this.#index(fold, before));
      if (opened === undefined) {
        // Created, and never answered for: nobody knows it.
        registry.remove(runId);
        return true;
      }
      registry.write(opened.log.fold);
      if (isTerminal(opened.log.run.state)) {
        await opened.log.journal.seal();
        await opened.log[Symbol.asyncDispose]();
      } else {
        this.#live.set(runId, { ...opened, hold: this.#journals.adopt(runId, opened.log.journal), supervising: undefined });
      }
      return true;
    } catch (error) {
      logger.error({ run: runId, error }, "run could not be opened");
      return false;
    }
  }

  /** Tries again until a run can be opened: every run that was ever created is ended. */
  #retryOpening(runId: RunId): void {
    const { signal } = this.#ending;
    const retrying = (async () => {
      do await delay(reopenMs, { signal });
      while (!(await this.#reopen(runId)));
      const live = this.#live.get(runId);
      if (live !== undefined) this.#supervise(runId, live);
    })().catch(() => {});
    this.#supervised.add(retrying);
    void retrying.finally(() => this.#supervised.delete(retrying));
  }

  /** Writes a run's row where its state or its files changed; what else is new of a live run is in memory. */
  #index(fold: RunFold, before: RunFold | undefined): void {
    if (before?.run.state === fold.run.state && before.artifacts.length === fold.artifacts.length) return;
    try {
      this.#options.registry.write(fold);
    } catch (error) {
      // The journal has it: the index gets it with the run's next change, or when it is rebuilt.
      this.#options.logger.error({ run: fold.run.id, error }, "run was not indexed");
    }
  }

  #waiting(): QueuedRun[] {
    return [...this.#live].filter(([, live]) => live.supervising === undefined).map(([id, { log }]) => toQueued(id, log.run));
  }

  #pump(): void {
    if (this.#ending.signal.aborted || !this.#accepting) return;
    for (const { id } of pickNext(this.#waiting(), this.load.running, this.#options.maxConcurrentRuns)) {
      const live = isRunId(id) ? this.#live.get(id) : undefined;
      if (live !== undefined && isRunId(id)) this.#supervise(id, live);
    }
  }

  #supervise(runId: RunId, live: LiveRun): void {
    const { volume, provider } = this.#options;
    const logger = this.#options.logger.child({ run: runId });
    const supervised = {
      ...live,
      provider,
      runFolder: volume.runFolder(runId),
      secretOf: (attempt: number) => volume.sign("sandbox", runId, String(attempt)),
      logger,
    };
    const running = (async () => {
      try {
        if (live.log.run.state === Run_State.QUEUED && hasLostSecrets(live.spec)) {
          await publish(live.log, 0, Run_State.FAILED, failedOutcome(new Fault("CREDENTIALS_LOST"), undefined));
        }
        await superviseRun(supervised, this.#ending.signal);
      } catch (error) {
        if (this.#ending.signal.aborted) return;
        logger.error({ error }, "run could not be supervised");
        await failRun(supervised, Fault.from(error), this.#ending.signal).catch(() => {});
      }
      if (isTerminal(live.log.run.state)) this.#retire(runId, live);
      this.#pump();
    })();
    live.supervising = running;
    this.#supervised.add(running);
    void running.finally(() => this.#supervised.delete(running));
  }

  /** Ends a queued run that waits too long, or that somebody stops. */
  #watchQueue(runId: RunId, live: LiveRun): void {
    const { log } = live;
    const bySeconds =
      (log.run.createTime?.getTime() ?? Date.now()) / 1000 + (log.run.spec?.queueTimeoutSeconds ?? limits.queueTimeoutSeconds.default);
    const watching = (async () => {
      using wait = linkSignals(this.#ending.signal);
      const { signal } = wait;
      const moved = log.until(({ run, stop }) => run.state !== Run_State.QUEUED || stop !== undefined, { signal });
      const timedOut = delay(Math.max(0, bySeconds * 1000 - Date.now()), { signal }).then(() => "late" as const);
      timedOut.catch(() => {});
      moved.catch(() => {});
      const first = await Promise.race([moved, timedOut]).finally(() => wait.abort());
      if (live.supervising !== undefined) return;
      const late = () => publish(log, 0, Run_State.FAILED, failedOutcome(new Fault("QUEUE_TIMED_OUT"), undefined));
      const { volume, logger } = this.#options;
      const decide = () => (first === "late" ? late() : publishStopped(log, 0, undefined));
      live.supervising = finishRun({ log, runFolder: volume.runFolder(runId), logger }, this.#ending.signal, decide);
      await live.supervising;
      this.#retire(runId, live);
      this.#pump();
    })().catch(() => {});
    this.#supervised.add(watching);
    void watching.finally(() => this.#supervised.delete(watching));
  }

  async #stop({ log }: LiveRun, reason: string, graceSeconds: number, by: { key: string; actor: string } | undefined): Promise<void> {
    await log.decide(({ run, stop }) => {
      if (run.outcome !== undefined) return [];
      if (stop !== undefined && graceEndsAtMs(stop) <= Date.now() + graceSeconds * 1000) return [];
      const summary = reason === "" ? "Asked to stop" : `Asked to stop: ${reason}`;
      return [{ attempt: run.attempt, summary, payload: { $case: "stopRequested", value: { reason, graceSeconds, by } } }];
    });
  }

  /** A run that is over is read from the volume like any other. Readers of its open journal go on. */
  #retire(runId: RunId, { hold }: LiveRun): void {
    this.#live.delete(runId);
    hold[Symbol.dispose]();
  }
}

function toQueued(id: RunId, run: Run): QueuedRun {
  return { id, priority: run.spec?.priority ?? limits.priority.default, createTimeMs: run.createTime?.getTime() ?? 0 };
}
