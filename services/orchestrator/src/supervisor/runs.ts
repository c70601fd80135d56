import { randomUUIDv7 } from "node:crypto";
import { Fault } from "@clew/fault/fault";
import { type Artifact, type Run, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import type { CreateRunRequest } from "@clew/proto/grpc/clew/run/v1/run_service";
import { abortable } from "@clew/streams/abortable";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import { type Caller, reaches } from "../access/caller.ts";
import type { Journal } from "../journal/journal.ts";
import { pickNext, placeInQueue, type QueuedRun } from "../queue/run-queue.ts";
import type { RunFilter } from "../registry/registry.ts";
import { canonicalSpec } from "../runs/canonical-spec.ts";
import { limits } from "../runs/limits.ts";
import { hasLostSecrets } from "../runs/lost-secrets.ts";
import { newRun } from "../runs/new-run.ts";
import type { PageCursor } from "../runs/page-token.ts";
import { isRunId, type RunId, toRunId } from "../runs/run-id.ts";
import { isTerminal } from "../runs/transitions.ts";
import type { Tombstone } from "../volume/tombstones.ts";
import { askToStop } from "./ask-to-stop.ts";
import { publish, publishStopped } from "./attempt.ts";
import { beginRun } from "./begin-run.ts";
import { type LiveRun, toQueued } from "./live-run.ts";
import { OpenJournals } from "./open-journals.ts";
import { type OpenRunOptions, openFinished, openRun } from "./open-run.ts";
import { failedOutcome } from "./phrases.ts";
import { RunRows } from "./run-rows.ts";
import { type RunView, viewRun } from "./run-view.ts";
import type { RunsOptions } from "./runs-options.ts";
import { failRun, finishRun, superviseRun, writeLast } from "./supervise.ts";
import { waitInQueue } from "./wait-in-queue.ts";
import type { WantedRun } from "./wanted-run.ts";

const reopenMs = 5_000;
const settleMs = 5_000;

/** All runs of one volume: creates, queues, starts, stops and finds them. */
export class Runs implements AsyncDisposable {
  readonly #options: RunsOptions;
  readonly #live = new Map<RunId, LiveRun>();
  readonly #creating = new Map<string | symbol, Promise<Run>>();
  readonly #journals: OpenJournals;
  readonly #ending = new AbortController();
  readonly #supervised = new Set<Promise<void>>();
  readonly #rows: RunRows;
  readonly #watching: Disposable | undefined;
  #accepting = true;

  constructor(options: RunsOptions) {
    this.#options = options;
    this.#rows = new RunRows(options.registry, options.logger);
    this.#journals = new OpenJournals((runId) => this.#openFinished(runId));
    this.#watching = options.room?.watch((isFull) => (isFull ? this.#failAll() : this.#pump()));
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
    const left = this.#options.tombstones.of(runId);
    if (left === undefined || !reaches(caller, runId, left.tenant)) throw new Fault("RUN_NOT_FOUND");
    throw new Fault(left.why === "expired" ? "RUN_EXPIRED" : "RUN_DELETED");
  }

  /** Deletes a terminal run with all it left; a tombstone stays. */
  async delete(runId: string, caller: Caller): Promise<void> {
    await this.#remove(this.get(runId, caller), "deleted");
  }

  /** Removes a run that has been kept as long as it is to be; a tombstone stays. @throws Fault RUN_NOT_TERMINAL. */
  async expire(runId: RunId): Promise<void> {
    const run = this.#options.registry.get(runId);
    if (run !== undefined) await this.#remove(run, "expired");
  }

  /** Reads a run, waiting at most `waitMs` for its end. */
  async waitForEnd(runId: string, caller: Caller, waitMs: number, signal: AbortSignal): Promise<Run> {
    const run = this.get(runId, caller);
    const live = isRunId(runId) ? this.#live.get(runId) : undefined;
    if (live === undefined || waitMs === 0 || isTerminal(run.state)) return run;
    await live.log.untilWithin(({ run: now }) => isTerminal(now.state), waitMs, signal);
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
    if (live !== undefined) await askToStop(live.log, reason, graceSeconds, { key: caller.key, actor: caller.actor });
    return this.get(runId, caller);
  }

  /** Opens a run's journal for a reader. */
  async view(runId: string, caller: Caller): Promise<RunView> {
    const { state } = this.get(runId, caller);
    if (!isRunId(runId)) throw new Fault("RUN_NOT_FOUND");
    // It could not be opened yet: a second hand on its journal would be one too many.
    if (!isTerminal(state) && !this.#live.has(runId)) throw new Fault("VOLUME_FAILED");
    return viewRun(
      this.#journals,
      runId,
      () => this.get(runId, caller),
      async () => {
        const live = this.#live.get(runId);
        if (live === undefined) return;
        if (live.supervising === undefined) this.#supervise(runId, live);
        live.fail?.(new Fault("JOURNAL_DAMAGED"));
        await live.supervising;
      },
    );
  }

  /** Stops every run that is under way, and waits until each is over or `signal` aborts. Queued runs stay queued. */
  async stopAll(graceSeconds: number, signal: AbortSignal): Promise<void> {
    this.#accepting = false;
    const running = [...this.#live].filter(([, { supervising }]) => supervising !== undefined);
    await Promise.allSettled(running.map(([, live]) => askToStop(live.log, "", graceSeconds, undefined)));
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
    this.#watching?.[Symbol.dispose]();
    this.#ending.abort(new Fault("SHUTTING_DOWN"));
    await Promise.allSettled(this.#supervised);
    await Promise.allSettled([...this.#live.values()].map(({ log }) => log.settled()));
    await this.#journals[Symbol.asyncDispose]();
  }

  async #create(requestId: string, requestHmac: string, { spec, resolve, caller, traceparent }: WantedRun): Promise<Run> {
    const { volume, disk, room } = this.#options;
    await room?.require();
    const work = await resolve();
    const runId = toRunId(randomUUIDv7());
    const createTime = new Date();
    const run = newRun({ id: runId, tenant: caller.tenant, spec, playbook: work.reference, traceparent, createTime });
    const queued: QueuedRun = { id: runId, priority: spec.priority ?? limits.priority.default, createTimeMs: createTime.getTime() };
    const log = await beginRun({
      created: { run, by: { key: caller.key, actor: caller.actor }, requestId, requestHmac },
      position: placeInQueue(queued, this.#waiting()),
      playbookSource: work.source,
      folder: volume.runFolder(runId),
      disk,
      onChange: (fold, before) => this.#rows.note(fold, before),
      onRefused: (fault) => this.#refused(runId, fault),
    }).catch(async (error: unknown) => {
      if (Fault.from(error).reason === "VOLUME_FULL") await room?.giveUp();
      throw error;
    });
    const live: LiveRun = {
      log,
      spec,
      playbookSource: work.source,
      hold: this.#journals.adopt(runId, log.journal),
      supervising: undefined,
    };
    this.#live.set(runId, live);
    this.#watchQueue(runId, live);
    const created = log.run;
    this.#pump();
    return created;
  }

  async #remove({ id, tenant, state }: Run, why: Tombstone["why"]): Promise<void> {
    if (!isRunId(id)) throw new Fault("RUN_NOT_FOUND");
    if (!isTerminal(state)) throw new Fault("RUN_NOT_TERMINAL");
    // Its readers may know its end before it is sealed and let go of.
    await abortable(this.#live.get(id)?.supervising ?? Promise.resolve(), AbortSignal.timeout(settleMs)).catch(() => {});
    if (this.#live.has(id)) throw new Fault("RUN_NOT_TERMINAL");
    await this.#options.tombstones.bury(id, { tenant, why }, this.#options.volume.runFolder(id));
    this.#options.registry.remove(id);
    await this.#journals.forget(id);
  }

  #openOptions(runId: RunId): OpenRunOptions {
    const { volume, registry, disk } = this.#options;
    return {
      folder: volume.runFolder(runId),
      runId,
      known: registry.known(runId),
      disk,
      onChange: (fold, before) => this.#rows.note(fold, before),
      onRefused: (fault) => this.#refused(runId, fault),
    };
  }

  /** Opens the journal of a run that is over; where it was damaged, it is given an end again. */
  #openFinished(runId: RunId): Promise<Journal> {
    const { volume, registry, logger } = this.#options;
    return openFinished(this.#openOptions(runId), async (log) => {
      await writeLast({ log, runFolder: volume.runFolder(runId) });
      registry.write(log.fold);
      logger.warn({ run: runId, epoch: log.journal.epoch }, "journal of a finished run was mended");
    });
  }

  /** Opens a run that is not known to be over. Answers false where that may go better later. */
  async #reopen(runId: RunId): Promise<boolean> {
    const { registry, logger } = this.#options;
    try {
      const opened = await openRun(this.#openOptions(runId));
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

  /** A volume that did not take what was to be written of one run: where it is full, that is so for all of them. */
  #refused(runId: RunId, fault: Fault): void {
    if (fault.reason === "VOLUME_FULL") void this.#options.room?.giveUp();
    this.#live.get(runId)?.fail?.(fault);
  }

  #failAll(): void {
    for (const { fail } of this.#live.values()) fail?.(new Fault("VOLUME_FULL"));
  }

  #waiting(): QueuedRun[] {
    return [...this.#live].filter(([, live]) => live.supervising === undefined).map(([id, live]) => toQueued(id, live));
  }

  #pump(): void {
    if (this.#ending.signal.aborted || !this.#accepting || this.#options.room?.isFull) return;
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
      room: this.#options.room,
      secretOf: (attempt: number) => volume.sign("sandbox", runId, String(attempt)),
      logger,
    };
    const running = (async () => {
      using hold = linkSignals(this.#ending.signal);
      live.fail = (fault) => hold.abort(fault);
      try {
        if (live.log.run.state === Run_State.QUEUED && hasLostSecrets(live.spec)) {
          await publish(live.log, 0, Run_State.FAILED, failedOutcome(new Fault("CREDENTIALS_LOST"), undefined));
        }
        await superviseRun(supervised, hold.signal);
      } catch (error) {
        if (this.#ending.signal.aborted) return;
        logger.error({ error }, "run could not be supervised");
        await failRun(supervised, Fault.from(error), this.#ending.signal).catch(() => {});
      }
      await this.#retire(runId, live).catch(() => {});
      this.#pump();
    })();
    live.supervising = running;
    this.#supervised.add(running);
    void running.finally(() => this.#supervised.delete(running));
  }

  /** Ends a queued run that waits too long, or that somebody stops. */
  #watchQueue(runId: RunId, live: LiveRun): void {
    const { log } = live;
    const watching = (async () => {
      const first = await waitInQueue(log, this.#ending.signal);
      if (live.supervising !== undefined) return;
      const late = () => publish(log, 0, Run_State.FAILED, failedOutcome(new Fault("QUEUE_TIMED_OUT"), undefined));
      const { volume, logger } = this.#options;
      const decide = () => (first === "late" ? late() : publishStopped(log, 0, undefined));
      const ended = finishRun({ log, runFolder: volume.runFolder(runId), logger }, this.#ending.signal, decide);
      live.supervising = ended.then(() => this.#retire(runId, live));
      await live.supervising;
      this.#pump();
    })().catch(() => {});
    this.#supervised.add(watching);
    void watching.finally(() => this.#supervised.delete(watching));
  }

  /** A run that is over, and indexed as such, is read from the volume like any other. Readers of its open journal go on. */
  async #retire(runId: RunId, { log, hold }: LiveRun): Promise<void> {
    if (!isTerminal(log.run.state)) return;
    await this.#rows.settle(log.fold, this.#ending.signal);
    this.#live.delete(runId);
    hold[Symbol.dispose]();
  }
}
