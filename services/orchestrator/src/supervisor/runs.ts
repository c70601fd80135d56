import { randomUUIDv7 } from "node:crypto";
import { Fault } from "@clew/fault/fault";
import { type Artifact, type Run, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import type { CreateRunRequest } from "@clew/proto/grpc/clew/run/v1/run_service";
import { abortable } from "@clew/streams/abortable";
import { delay } from "@clew/streams/delay";
import { inTurn } from "@clew/streams/in-turn";
import { type Caller, reaches } from "../access/caller.ts";
import type { Journal } from "../journal/journal.ts";
import type { QueuedRun } from "../queue/queued-run.ts";
import type { RunFilter } from "../registry/registry.ts";
import { canonicalJson } from "../runs/canonical-json.ts";
import { newRun } from "../runs/new-run.ts";
import type { PageCursor } from "../runs/page-token.ts";
import { isRunId, type RunId, toRunId } from "../runs/run-id.ts";
import { runNotFound } from "../runs/run-not-found.ts";
import { isTerminal } from "../runs/transitions.ts";
import type { Tombstone } from "../volume/tombstones.ts";
import { answerInput, type GivenAnswer, type SignAnswer } from "./answer-input.ts";
import { askToStop } from "./ask-to-stop.ts";
import { beginRun } from "./begin-run.ts";
import { Continuations } from "./continuations.ts";
import { type LiveRun, toQueued } from "./live-run.ts";
import { OpenJournals } from "./open-journals.ts";
import { type OpenRunOptions, openFinished } from "./open-run.ts";
import { reopenRun } from "./reopen-run.ts";
import type { OnChange } from "./run-log.ts";
import { RunRows } from "./run-rows.ts";
import { RunSecrets } from "./run-secrets.ts";
import { type RunView, viewRun } from "./run-view.ts";
import type { RunsOptions } from "./runs-options.ts";
import { Slots } from "./slots.ts";
import { writeLast } from "./supervise.ts";
import { findUnended } from "./unended-runs.ts";
import type { WantedRun } from "./wanted-run.ts";

const reopenMs = 5_000;
/** After so many tries to open what could not be opened, no sandbox that is kept past its time waits for it any more. */
const mostAdopting = 12;
/** As many as there are threads for the disk. */
const opensAtOnce = 16;
const settleMs = 5_000;

/** A run that is not over and could not be opened yet. */
interface UnopenedRun {
  readonly runId: RunId;
  /** Whose it is; empty where the index does not know it. */
  readonly tenant: string;
  /** Whether it may wait for a slot: it does, or nobody knows. */
  readonly mayWait: boolean;
}

/** All runs of one volume: creates, queues, starts, stops and finds them. */
export class Runs implements AsyncDisposable {
  readonly #options: RunsOptions;
  readonly #live = new Map<RunId, LiveRun>();
  readonly #creating = new Map<string | symbol, { readonly tenant: string; readonly made: Promise<Run> }>();
  readonly #journals: OpenJournals;
  readonly #slots: Slots;
  readonly #continuations: Continuations;
  readonly #rows: RunRows;
  readonly #watching: Disposable | undefined;
  #accepting = true;
  #unopened: readonly UnopenedRun[] = [];

  constructor(options: RunsOptions) {
    this.#options = options;
    this.#rows = new RunRows(options.registry, options.logger);
    this.#journals = new OpenJournals((runId) => this.#openFinished(runId));
    this.#slots = new Slots(options, this.#live, (runId, live, signal) => this.#retire(runId, live, signal));
    this.#continuations = new Continuations(this.#slots.kept, this.#live);
    this.#watching = options.room?.watch((isFull) => (isFull ? this.#failAll() : this.#slots.fill()));
  }

  /** How many runs wait for a slot, and for how many milliseconds the first of them; how many have one; and how many are not over but could not be opened yet. */
  get load(): Slots["load"] & { readonly unopened: number } {
    return { ...this.#slots.load, unopened: this.#unopened.length };
  }

  /** Indexes what the registry misses, and goes on with every run that is not over. */
  async recover(): Promise<void> {
    const { underWay, queued } = await findUnended(this.#options, this.#rows);
    // Sandboxes wait for an orchestrator only so long; and a run that is to continue in one finds it.
    const adopting = await this.#slots.kept.adopt();
    this.#unopened = [...(await this.#reopen(underWay)), ...(await this.#reopen(queued))];
    this.#slots.fill();
    if (this.#unopened.length > 0) this.#retryOpening(adopting);
    else adopting[Symbol.dispose]();
  }

  /** Creates a run and queues it; the same request id with the same request answers the run it made before. */
  async create({ requestId, spec: asked }: CreateRunRequest, wanted: WantedRun): Promise<Run> {
    const { volume } = this.#options;
    const { caller } = wanted;
    const requestHmac = volume.sign("request", Buffer.from(canonicalJson(asked)));
    const key = requestId === "" ? Symbol("no request id") : `${caller.tenant}\0${requestId}`;
    while (this.#creating.has(key)) await this.#creating.get(key)?.made.catch(() => {});
    const known = requestId === "" ? undefined : this.#findRequest(caller.tenant, requestId);
    if (known !== undefined) {
      if (known.requestHmac !== requestHmac) throw new Fault("IDEMPOTENCY_CONFLICT");
      return this.get(known.runId, caller);
    }
    if (!this.#accepting) throw new Fault("SHUTTING_DOWN", { retryAfterMs: 2_000 });
    const unopened = this.#unopened.filter(({ runId, mayWait }) => mayWait && !this.#live.has(runId));
    this.#slots.demandRoom(caller.tenant, [...this.#creating.values(), ...unopened]);
    const made = this.#create(requestId, requestHmac, wanted);
    this.#creating.set(key, { tenant: caller.tenant, made });
    try {
      return await made;
    } finally {
      this.#creating.delete(key);
    }
  }

  /** Reads a run. @throws Fault RUN_NOT_FOUND also where it is not within the caller's reach. */
  get(runId: string, caller: Pick<Caller, "tenant" | "reach">): Run {
    const left = this.#options.tombstones.of(runId);
    const run = (isRunId(runId) ? this.#live.get(runId)?.log.run : undefined) ?? this.#options.registry.get(runId);
    const tenant = left?.tenant ?? run?.tenant;
    if (tenant === undefined || !reaches(caller, runId, tenant)) throw runNotFound(runId);
    if (left !== undefined) throw new Fault(left.why === "expired" ? "RUN_EXPIRED" : "RUN_DELETED");
    if (run === undefined) throw runNotFound(runId);
    return run;
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

  /** Asks a run to stop; one that is over stays as it is. @throws Fault VOLUME_FAILED where its journal cannot be written. */
  async stop(runId: string, caller: Caller, reason: string, graceSeconds: number): Promise<Run> {
    const live = this.#liveOrOver(this.get(runId, caller));
    if (live !== undefined) await askToStop(live.log, reason, graceSeconds, { key: caller.key, actor: caller.actor });
    return this.get(runId, caller);
  }

  /** Takes what a person answers. @throws Fault INPUT_NOT_AWAITED where the run does not wait for it, or has another answer. */
  async answer(runId: string, caller: Caller, inputId: string, given: GivenAnswer): Promise<Run> {
    const live = this.#liveOrOver(this.get(runId, caller));
    if (live === undefined) throw new Fault("INPUT_NOT_AWAITED", { message: "The run is over." });
    const signAnswer: SignAnswer = (...parts) => this.#options.volume.sign("input", runId, ...parts);
    await answerInput({ ...live, signAnswer }, inputId, given, { key: caller.key, actor: caller.actor });
    return this.get(runId, caller);
  }

  /** Ends the sandbox that a run left, where it is kept. @throws Fault SANDBOX_HUNG where it may still live. */
  async release({ id }: Pick<Run, "id">): Promise<void> {
    await this.#continuations.end(id);
  }

  /** @throws Fault PARENT_GONE where no run can continue in what this one left, PARENT_BUSY where none can yet. */
  demandKept(parent: Run): void {
    this.#continuations.demand(parent);
  }

  /** Opens a run's journal for a reader. */
  async view(runId: string, caller: Caller): Promise<RunView> {
    const run = this.get(runId, caller);
    if (!isRunId(runId)) throw runNotFound(runId);
    this.#liveOrOver(run);
    return viewRun(
      this.#journals,
      runId,
      () => this.get(runId, caller),
      async () => {
        const live = this.#live.get(runId);
        if (live === undefined) return;
        if (live.supervising === undefined) this.#slots.give(runId, live);
        live.fail?.(new Fault("JOURNAL_DAMAGED"));
        await abortable(live.supervising ?? Promise.resolve(), AbortSignal.timeout(settleMs)).catch(() => {});
        // The volume does not let it end: its reader may come again.
        if (this.#live.has(runId)) throw new Fault("VOLUME_FAILED", { retryAfterMs: settleMs });
      },
    );
  }

  /** Stops every run that is under way, and waits until each is over or `signal` aborts. Queued runs stay queued. */
  async stopAll(graceSeconds: number, signal: AbortSignal): Promise<void> {
    this.#accepting = false;
    this.#slots.close();
    const letGo = this.#slots.kept.endAll();
    const running = this.#slots.taken();
    await Promise.allSettled(running.map(([, live]) => askToStop(live.log, "", graceSeconds, undefined)));
    await abortable(Promise.allSettled([letGo, ...running.map(([, { supervising }]) => supervising)]), signal).catch(() => {});
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
    await this.#slots[Symbol.asyncDispose]();
    await Promise.allSettled([...this.#live.values()].map(({ log }) => log.settled()));
    await this.#journals[Symbol.asyncDispose]();
    this.#rows[Symbol.dispose]();
  }

  readonly #onChange: OnChange = (fold, before, payloads) => {
    this.#rows.note(fold, before);
    this.#options.onEvents?.(payloads);
  };

  /** Finds the run that a request made, also where the index does not have it yet. */
  #findRequest(tenant: string, requestId: string): ReturnType<RunsOptions["registry"]["findRequest"]> {
    for (const [runId, { log }] of this.#live)
      if (log.fold.requestId === requestId && log.run.tenant === tenant) return { runId, requestHmac: log.fold.requestHmac };
    return this.#options.registry.findRequest(tenant, requestId);
  }

  /** Undefined where a run is over. @throws Fault VOLUME_FAILED where it could not be opened yet: a second hand on its journal would be one too many. */
  #liveOrOver({ id, state }: Run): LiveRun | undefined {
    const live = isRunId(id) ? this.#live.get(id) : undefined;
    if (live === undefined && !isTerminal(state)) throw new Fault("VOLUME_FAILED");
    return live;
  }

  async #create(requestId: string, requestHmac: string, { resolve, caller, traceparent }: WantedRun): Promise<Run> {
    const { volume, disk, room } = this.#options;
    await room?.require();
    const work = await resolve();
    // Its sandbox has a copy of each.
    await room?.require(work.inputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
    const { spec } = work;
    const runId = toRunId(randomUUIDv7());
    const createTime = new Date();
    const run = newRun({ id: runId, tenant: caller.tenant, spec, playbook: work.reference, traceparent, createTime });
    const queued: QueuedRun = toQueued(runId, run);
    const begin = () =>
      beginRun({
        created: { run, by: { key: caller.key, actor: caller.actor }, requestId, requestHmac },
        position: this.#slots.positionOf(queued, spec.continueFrom !== undefined),
        playbookSource: work.source,
        calledPlaybooks: work.called,
        inputs: work.inputs,
        folder: volume.runFolder(runId),
        disk,
        onChange: this.#onChange,
        onRefused: (fault) => this.#refused(runId, fault),
      });
    const log = await this.#continuations.reserveFor(runId, spec, begin).catch(async (error: unknown) => {
      if (Fault.from(error).reason === "VOLUME_FULL") await room?.giveUp();
      throw error;
    });
    const live: LiveRun = {
      log,
      spec,
      playbookSource: work.source,
      calledPlaybooks: work.called,
      secrets: new RunSecrets(spec),
      hold: this.#journals.adopt(runId, log.journal),
      supervising: undefined,
    };
    this.#live.set(runId, live);
    this.#slots.watchQueue(runId, live);
    const created = log.run;
    this.#slots.fill();
    return created;
  }

  async #remove({ id, tenant, state }: Run, why: Tombstone["why"]): Promise<void> {
    if (!isRunId(id)) throw runNotFound(id);
    if (!isTerminal(state)) throw new Fault("RUN_NOT_TERMINAL");
    // Its readers may know its end before it is sealed and let go of.
    await abortable(this.#live.get(id)?.supervising ?? Promise.resolve(), AbortSignal.timeout(settleMs)).catch(() => {});
    if (this.#live.has(id)) throw new Fault("RUN_NOT_TERMINAL");
    await this.#continuations.end(id);
    const { tombstones, volume } = this.#options;
    await tombstones.bury(id, { tenant, why });
    this.#rows.remove(id);
    await this.#journals.forget(id);
    await tombstones.clear(id, volume.runFolder(id));
  }

  #openOptions(runId: RunId): OpenRunOptions {
    const { volume, registry, disk } = this.#options;
    return {
      folder: volume.runFolder(runId),
      runId,
      known: registry.known(runId),
      disk,
      onChange: this.#onChange,
      onRefused: (fault) => this.#refused(runId, fault),
    };
  }

  /** Opens the journal of a run that is over; where it was damaged, it is given an end again. */
  #openFinished(runId: RunId): Promise<Journal> {
    const { volume, logger } = this.#options;
    return openFinished(this.#openOptions(runId), async (log) => {
      await writeLast({ log, runFolder: volume.runFolder(runId) });
      this.#rows.note(log.fold, undefined);
      logger.warn({ run: runId, epoch: log.journal.epoch }, "journal of a finished run was mended");
    });
  }

  /** Opens runs that are not known to be over, and goes on with them but for those that wait. Answers those with which that may go better later. */
  async #reopen(runIds: readonly RunId[]): Promise<UnopenedRun[]> {
    const left: UnopenedRun[] = [];
    const found: [RunId, LiveRun][] = [];
    const open = async (runId: RunId) => ({
      runId,
      run: await reopenRun(this.#openOptions(runId)).catch((error: unknown) => Fault.from(error)),
    });
    for await (const { runId, run } of inTurn(runIds, opensAtOnce, open)) {
      if (run instanceof Fault) {
        this.#options.logger.error({ run: runId, error: run }, "run could not be opened");
        const known = this.#options.registry.get(runId);
        left.push({ runId, tenant: known?.tenant ?? "", mayWait: known === undefined || known.state === Run_State.QUEUED });
        continue;
      }
      const { fold, opened } = run;
      if (fold === undefined) this.#rows.remove(runId);
      else this.#rows.note(fold, undefined);
      if (opened === undefined) continue;
      const hold = this.#journals.adopt(runId, opened.log.journal);
      found.push([runId, { ...opened, secrets: new RunSecrets(opened.spec), hold, supervising: undefined }]);
    }
    for (const [runId, live] of found) {
      this.#live.set(runId, live);
      this.#continuations.reserveAgain(runId, live);
    }
    if (!this.#accepting) return left;
    // Those that were under way have a slot already.
    for (const [runId, live] of found) {
      if (live.log.run.state === Run_State.QUEUED) this.#slots.watchQueue(runId, live);
      else this.#slots.give(runId, live);
    }
    return left;
  }

  /** Tries again until all of them are opened: every run that was ever created is ended. */
  #retryOpening(adopting: Disposable): void {
    const { ending: signal } = this.#slots;
    const retrying = (async () => {
      for (let tries = 0; this.#unopened.length > 0; tries++) {
        // Nor does what may be a run's wait for ever for one that cannot be read.
        if (tries === mostAdopting) adopting[Symbol.dispose]();
        await delay(reopenMs, { signal });
        this.#unopened = await this.#reopen(this.#unopened.map(({ runId }) => runId));
        this.#slots.fill();
      }
    })()
      .catch(() => {})
      .finally(() => adopting[Symbol.dispose]());
    this.#slots.awaitAtEnd(retrying);
  }

  /** A volume that did not take what was to be written of one run: where it is full, that is so for all of them. */
  #refused(runId: RunId, fault: Fault): void {
    if (fault.reason === "VOLUME_FULL") void this.#options.room?.giveUp();
    this.#live.get(runId)?.fail?.(fault);
  }

  #failAll(): void {
    for (const { fail } of this.#live.values()) fail?.(new Fault("VOLUME_FULL"));
  }

  /** A run that is over, and indexed as such, is read from the volume like any other. Readers of its open journal go on. */
  async #retire(runId: RunId, { log, hold }: LiveRun, signal: AbortSignal): Promise<void> {
    if (!isTerminal(log.run.state)) return;
    await this.#rows.settle(runId, signal);
    this.#continuations.giveBack(runId);
    this.#live.delete(runId);
    hold[Symbol.dispose]();
  }
}
