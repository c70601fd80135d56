import { Fault } from "@clew/fault/fault";
import type { Logger } from "@clew/process/logger";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { delay } from "@clew/streams/delay";
import { inTurn } from "@clew/streams/in-turn";
import { linkSignals } from "@clew/streams/linked-signal";
import { type Allowance, usualAllowance } from "../queue/allowance.ts";
import { FairShares } from "../queue/fair-shares.ts";
import { keptInTheWay } from "../queue/kept-in-the-way.ts";
import { isNews, pickNext, positionsInQueue, type QueueView } from "../queue/pick-next.ts";
import { demandQueueRoom } from "../queue/queue-room.ts";
import type { PlacedRun, QueuedRun } from "../queue/queued-run.ts";
import { limits } from "../runs/limits.ts";
import { hasLostSecrets } from "../runs/lost-secrets.ts";
import { isRunId, type RunId } from "../runs/run-id.ts";
import type { SandboxHandle } from "../sandboxes/sandbox-provider.ts";
import { KeptSandboxes } from "./kept-sandboxes.ts";
import { keysOf, type LiveRun, toQueued } from "./live-run.ts";
import { failedOutcome, runQueued } from "./phrases.ts";
import { publish, publishStopped } from "./publish-outcome.ts";
import type { RunLog } from "./run-log.ts";
import type { RunsOptions } from "./runs-options.ts";
import { failRun, finishRun, superviseRun } from "./supervise.ts";
import { waitInQueue } from "./wait-in-queue.ts";

const isSame = (named: SandboxHandle | undefined, { workFolder }: SandboxHandle) => named?.workFolder === workFolder;

/** As many as there are threads for the disk. */
const toldAtOnce = 16;

/** Gives live runs the slots there are, in the queue's order, and stays with each that has one until it is over. */
export class Slots implements AsyncDisposable {
  readonly #options: RunsOptions;
  readonly #live: ReadonlyMap<RunId, LiveRun>;
  readonly #ending = new AbortController();
  readonly #supervised = new Set<Promise<void>>();
  /** Lets go of a run that is over. */
  readonly #retire: (runId: RunId, live: LiveRun, signal: AbortSignal) => Promise<void>;
  readonly #shares: FairShares;
  /** What runs that are over left for those that continue. Each has a slot. */
  readonly kept: KeptSandboxes;
  #isOpen = true;
  #isTelling = false;

  constructor(
    options: RunsOptions,
    live: ReadonlyMap<RunId, LiveRun>,
    retire: (runId: RunId, live: LiveRun, signal: AbortSignal) => Promise<void>,
  ) {
    this.#options = options;
    this.#live = live;
    this.#retire = retire;
    this.#shares = new FairShares((tenant) => this.#allowanceOf(tenant).share);
    this.kept = new KeptSandboxes({
      provider: options.provider,
      records: options.keptRecords,
      isRuns: async (handle, runId) => isRunId(runId) && isSame(await options.provider.find(options.volume.runFolder(runId)), handle),
      logger: options.logger,
      onFreed: (slot) => {
        this.#shares.count(slot, performance.now());
        this.fill();
      },
    });
  }

  /** How many runs wait for a slot, and for how many milliseconds the one that was created first; how many have one, and how many are kept by runs that are over. */
  get load(): { readonly queued: number; readonly oldestQueuedMs: number; readonly running: number; readonly kept: number } {
    const waiting = this.#waiting();
    const now = Date.now();
    const oldest = waiting.reduce((first, { createTimeMs }) => Math.min(first, createTimeMs), now);
    return { queued: waiting.length, oldestQueuedMs: now - oldest, running: this.taken().length, kept: this.#keptSlots().length };
  }

  /** Aborts when all is let go of. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** The runs that have a slot. */
  taken(): [RunId, LiveRun][] {
    return [...this.#live].filter(([, { slotSinceMs }]) => slotSinceMs !== undefined);
  }

  /** @throws Fault QUEUE_FULL where a tenant may have no run more waiting, counting these others too. */
  demandRoom(tenant: string, others: readonly { readonly tenant: string }[]): void {
    const { maxConcurrentRuns: slots, maxQueuedRuns: mostQueued } = this.#options;
    const waiting = [...this.#waiting(), ...others];
    demandQueueRoom({
      queued: waiting.length,
      running: this.taken().length,
      mostQueued,
      tenantQueued: waiting.filter((run) => run.tenant === tenant).length,
      tenantMost: this.#allowanceOf(tenant).queuedRuns,
      slots,
      usualMs: this.#shares.usualMs,
    });
  }

  /** How many runs are to begin before one that comes to wait now. */
  positionOf(run: QueuedRun, isContinuing: boolean): number {
    if (isContinuing) return 0;
    const view = this.#view();
    return positionsInQueue({ ...view, waiting: [...view.waiting, run] }, this.#shares).get(run.id) ?? 0;
  }

  /** No run gets a slot any more; those that have one keep it. */
  close(): void {
    this.#isOpen = false;
  }

  /** Gives the next runs the free slots. */
  fill(): void {
    if (this.ending.aborted || !this.#isOpen || this.#options.room?.isFull) return;
    for (const [id, live] of this.#continuing()) this.give(id, live);
    for (const { id } of pickNext(this.#view(), this.#shares)) {
      const live = isRunId(id) ? this.#live.get(id) : undefined;
      if (live !== undefined && isRunId(id)) this.give(id, live);
    }
    // One that may still live keeps its slot, and says so itself.
    for (const runId of keptInTheWay({ ...this.#view(), placed: this.#placed() }, this.#keptSlots(), this.#shares))
      void this.kept.end(runId).catch(() => {});
    this.#tellLater();
  }

  /** Gives one run a slot, whatever the queue says. */
  give(runId: RunId, live: LiveRun): void {
    const { volume, provider } = this.#options;
    const logger = this.#options.logger.child({ run: runId });
    const supervised = {
      ...live,
      provider,
      runFolder: volume.runFolder(runId),
      room: this.#options.room,
      states: this.#options.states,
      sessions: this.#options.sessions,
      keptSandboxes: this.kept,
      parentMemory: this.#memoryOf(live.spec.continueFrom),
      models: this.#options.models,
      credentialSets: this.#options.credentialSets,
      signAnswer: (...parts: readonly string[]) => volume.sign("input", runId, ...parts),
      logger,
    };
    const sinceMs = performance.now();
    const { tenant } = live.log.run;
    const running = (async () => {
      using hold = linkSignals(this.ending);
      live.fail = (fault) => hold.abort(fault);
      try {
        await superviseRun(supervised, hold.signal);
      } catch (error) {
        if (this.ending.aborted) return;
        logger.error({ error }, "run could not be supervised");
        await failRun(supervised, Fault.from(error), this.ending).catch(this.#tell(logger, "run was not ended"));
      }
      await this.#retire(runId, live, this.ending).catch(this.#tell(logger, "run was not put away"));
      this.#shares.release({ tenant, sinceMs }, performance.now());
      this.fill();
    })();
    live.slotSinceMs = sinceMs;
    live.supervising = running;
    this.awaitAtEnd(running);
  }

  /** Ends a queued run that waits too long, that somebody stops, or whose secrets a restart lost. */
  watchQueue(runId: RunId, live: LiveRun): void {
    const { log } = live;
    const watching = (async () => {
      const isLost = hasLostSecrets(live.spec);
      const first = isLost ? "lost" : await waitInQueue(log, this.ending);
      if (live.supervising !== undefined) return;
      const { volume, logger } = this.#options;
      const fail = (reason: "QUEUE_TIMED_OUT" | "CREDENTIALS_LOST") =>
        publish(log, 0, Run_State.FAILED, failedOutcome(new Fault(reason), undefined));
      const ends = {
        late: () => fail("QUEUE_TIMED_OUT"),
        lost: () => (log.fold.stop === undefined ? fail("CREDENTIALS_LOST") : publishStopped(log, 0, undefined)),
        moved: () => publishStopped(log, 0, undefined),
      };
      const decide = ends[first];
      const ended = finishRun({ log, runFolder: volume.runFolder(runId), logger }, this.ending, decide);
      live.supervising = ended.then(() => this.#retire(runId, live, this.ending));
      await live.supervising;
      this.fill();
    })().catch((error: unknown) => {
      this.#tell(this.#options.logger.child({ run: runId }), "run was not ended in the queue")(error);
      // It stays in the queue, to be looked at once more when its turn comes.
      live.supervising = undefined;
    });
    this.awaitAtEnd(watching);
  }

  /** Logs what went wrong, unless that is the end of this orchestrator. */
  #tell(logger: Logger, what: string): (error: unknown) => void {
    return (error) => {
      if (!this.ending.aborted) logger.error({ error }, what);
    };
  }

  #allowanceOf(tenant: string): Allowance {
    return this.#options.allowanceOf?.(tenant) ?? usualAllowance;
  }

  #waiting(): QueuedRun[] {
    return [...this.#live].filter(([, { supervising }]) => supervising === undefined).map(([id, { log }]) => toQueued(id, log.run));
  }

  /** Runs that continue where another left its sandbox have that one's slot, and wait for nothing but their keys. */
  #continuing(): [RunId, LiveRun][] {
    const held = new Set(this.#placed().flatMap(({ tenant, keys }) => keys.map((key) => `${tenant} ${key}`)));
    return [...this.#live].filter(([, { supervising, spec, log }]) => {
      if (supervising !== undefined || spec.continueFrom === undefined) return false;
      const keys = keysOf(spec).map((key) => `${log.run.tenant} ${key}`);
      const isFree = !keys.some((key) => held.has(key));
      if (isFree) for (const key of keys) held.add(key);
      return isFree;
    });
  }

  #placed(): PlacedRun[] {
    return this.taken().map(([, { log, slotSinceMs = 0 }]) => {
      return { tenant: log.run.tenant, keys: keysOf(log.run.spec), sinceMs: slotSinceMs };
    });
  }

  /** But for those of which a run still has, or has already, the slot. */
  #keptSlots(): KeptSandboxes["slots"] {
    const taken = new Set<string>(this.taken().map(([runId]) => runId));
    return this.kept.slots.filter(({ runId, reservedBy = "" }) => !taken.has(runId) && !taken.has(reservedBy));
  }

  #memoryOf(parent: string | undefined): string {
    if (parent === undefined || !isRunId(parent)) return "";
    const run = this.#live.get(parent)?.log.run ?? this.#options.registry.get(parent);
    return run?.outcome?.sessionMemory ?? "";
  }

  #view(): QueueView {
    const waiting = [...this.#live].filter(([, { supervising, spec }]) => supervising === undefined && spec.continueFrom === undefined);
    return {
      waiting: waiting.map(([id, { log }]) => toQueued(id, log.run)),
      placed: [...this.#placed(), ...this.#keptSlots()],
      slots: this.#options.maxConcurrentRuns,
      runsAtOnce: (tenant) => this.#allowanceOf(tenant).runsAtOnce,
      nowMs: performance.now(),
    };
  }

  /** Has the runs that wait told soon how they moved on, all at once however much moves until then. */
  #tellLater(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    const telling = (async () => {
      await delay(limits.queueLookMs, { signal: this.ending });
      this.#isTelling = false;
      await this.#tellPositions();
    })().catch(() => {});
    this.awaitAtEnd(telling);
  }

  async #tellPositions(): Promise<void> {
    const moved = [...positionsInQueue(this.#view(), this.#shares)].flatMap(([id, position]) => {
      const log = isRunId(id) ? this.#live.get(id)?.log : undefined;
      return log !== undefined && isNews(log.run.queuePosition ?? 0, position) ? [{ log, position }] : [];
    });
    const tell = ({ log, position }: { readonly log: RunLog; readonly position: number }) =>
      log.decide(({ run, stop }) => (run.state === Run_State.QUEUED && stop === undefined ? [{ attempt: 0, ...runQueued(position) }] : []));
    for await (const _told of inTurn(moved, toldAtOnce, (one) => tell(one).catch(() => {})));
  }

  /** Has `going` waited for before all is let go of. It must not reject. */
  awaitAtEnd(going: Promise<void>): void {
    this.#supervised.add(going);
    void going.finally(() => this.#supervised.delete(going));
  }

  /** Leaves every run as it is, and its sandbox with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    this.#ending.abort(new Fault("SHUTTING_DOWN"));
    await Promise.allSettled(this.#supervised);
    await this.kept[Symbol.asyncDispose]();
  }
}
