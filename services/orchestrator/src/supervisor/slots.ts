import { Fault } from "@clew/fault/fault";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { linkSignals } from "@clew/streams/linked-signal";
import { pickNext, type QueuedRun } from "../queue/run-queue.ts";
import { hasLostSecrets } from "../runs/lost-secrets.ts";
import { isRunId, type RunId } from "../runs/run-id.ts";
import { type LiveRun, toQueued } from "./live-run.ts";
import { failedOutcome } from "./phrases.ts";
import { publish, publishStopped } from "./publish-outcome.ts";
import type { RunsOptions } from "./runs-options.ts";
import { failRun, finishRun, superviseRun } from "./supervise.ts";
import { waitInQueue } from "./wait-in-queue.ts";

/** Gives live runs the slots there are, in the queue's order, and stays with each that has one until it is over. */
export class Slots implements AsyncDisposable {
  readonly #options: RunsOptions;
  readonly #live: ReadonlyMap<RunId, LiveRun>;
  readonly #ending = new AbortController();
  readonly #supervised = new Set<Promise<void>>();
  /** Lets go of a run that is over. */
  readonly #retire: (runId: RunId, live: LiveRun, signal: AbortSignal) => Promise<void>;
  #isOpen = true;

  constructor(
    options: RunsOptions,
    live: ReadonlyMap<RunId, LiveRun>,
    retire: (runId: RunId, live: LiveRun, signal: AbortSignal) => Promise<void>,
  ) {
    this.#options = options;
    this.#live = live;
    this.#retire = retire;
  }

  /** How many runs wait for a slot, and how many have one. */
  get load(): { readonly queued: number; readonly running: number } {
    const running = this.taken().length;
    return { queued: this.#live.size - running, running };
  }

  /** Aborts when all is let go of. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** The runs that have a slot. */
  taken(): [RunId, LiveRun][] {
    return [...this.#live].filter(([, { supervising }]) => supervising !== undefined);
  }

  /** The runs that wait for one. */
  waiting(): QueuedRun[] {
    return [...this.#live].filter(([, live]) => live.supervising === undefined).map(([id, live]) => toQueued(id, live));
  }

  /** No run gets a slot any more; those that have one keep it. */
  close(): void {
    this.#isOpen = false;
  }

  /** Gives the next runs the free slots. */
  fill(): void {
    if (this.ending.aborted || !this.#isOpen || this.#options.room?.isFull) return;
    for (const { id } of pickNext(this.waiting(), this.load.running, this.#options.maxConcurrentRuns)) {
      const live = isRunId(id) ? this.#live.get(id) : undefined;
      if (live !== undefined && isRunId(id)) this.give(id, live);
    }
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
      signAnswer: (...parts: readonly string[]) => volume.sign("input", runId, ...parts),
      secretOf: (attempt: number) => volume.sign("sandbox", runId, String(attempt)),
      logger,
    };
    const running = (async () => {
      using hold = linkSignals(this.ending);
      live.fail = (fault) => hold.abort(fault);
      try {
        if (live.log.run.state === Run_State.QUEUED && hasLostSecrets(live.spec)) {
          await publish(live.log, 0, Run_State.FAILED, failedOutcome(new Fault("CREDENTIALS_LOST"), undefined));
        }
        await superviseRun(supervised, hold.signal);
      } catch (error) {
        if (this.ending.aborted) return;
        logger.error({ error }, "run could not be supervised");
        await failRun(supervised, Fault.from(error), this.ending).catch(() => {});
      }
      await this.#retire(runId, live, this.ending).catch(() => {});
      this.fill();
    })();
    live.supervising = running;
    this.keep(running);
  }

  /** Ends a queued run that waits too long, or that somebody stops. */
  watchQueue(runId: RunId, live: LiveRun): void {
    const { log } = live;
    const watching = (async () => {
      const first = await waitInQueue(log, this.ending);
      if (live.supervising !== undefined) return;
      const late = () => publish(log, 0, Run_State.FAILED, failedOutcome(new Fault("QUEUE_TIMED_OUT"), undefined));
      const { volume, logger } = this.#options;
      const decide = () => (first === "late" ? late() : publishStopped(log, 0, undefined));
      const ended = finishRun({ log, runFolder: volume.runFolder(runId), logger }, this.ending, decide);
      live.supervising = ended.then(() => this.#retire(runId, live, this.ending));
      await live.supervising;
      this.fill();
    })().catch(() => {});
    this.keep(watching);
  }

  /** Has `going` waited for before all is let go of. It must not reject. */
  keep(going: Promise<void>): void {
    this.#supervised.add(going);
    void going.finally(() => this.#supervised.delete(going));
  }

  /** Leaves every run as it is, and its sandbox with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    this.#ending.abort(new Fault("SHUTTING_DOWN"));
    await Promise.allSettled(this.#supervised);
  }
}
