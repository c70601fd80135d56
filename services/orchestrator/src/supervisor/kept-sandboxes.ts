import { Fault } from "@clew/fault/fault";
import type { Logger } from "@clew/process/logger";
import { createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import { type Lease, startLease } from "@clew/streams/lease";
import { linkSignals } from "@clew/streams/linked-signal";
import type { KeptSlot } from "../queue/kept-in-the-way.ts";
import type { KeptRecord, KeptRecords } from "../sandboxes/kept-records.ts";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { SandboxHandle, SandboxPlan, SandboxProvider, TakenSandbox } from "../sandboxes/sandbox-provider.ts";
import { releaseSandbox } from "./release-sandbox.ts";

/** What keeping sandboxes needs. */
export interface KeptSandboxesOptions {
  readonly provider: SandboxProvider;
  /** Where the next orchestrator finds them. */
  readonly records: Pick<KeptRecords, "save" | "remove" | "list">;
  /** Whether a sandbox is this run's by now, and on record for it. */
  readonly isRuns: (handle: SandboxHandle, runId: string) => Promise<boolean>;
  readonly logger: Logger;
  /** Hears of each slot that one let go of: it ended, or is a run's. */
  readonly onFreed: (slot: Pick<KeptSlot, "tenant" | "sinceMs">) => void;
  /** Ends one, and rejects where it may still live; `releaseSandbox` unless given. */
  readonly release?: typeof releaseSandbox | undefined;
}

interface Kept extends Pick<KeptRecord, "runId" | "tenant" | "handle"> {
  /** The `performance.now()` since when this process keeps it. */
  readonly sinceMs: number;
  /** Milliseconds from then on until it ends, where no run has reserved it. */
  readonly keepMs: number;
  readonly attending: AbortController;
  /** Settles once nobody attends to it. */
  attended: Promise<void>;
  /** The run that is to continue in it. */
  reservedBy: string | undefined;
  /** Whether somebody ends it or takes it: nobody else does then. */
  isEnding: boolean;
  /** How its end goes; rejects where it may still live. */
  ending: Promise<void> | undefined;
  /** Whether it could not be ended so far. */
  isHung: boolean;
}

/** How often it is looked after, in milliseconds: its warden and its agent end where nobody is there. */
const lookMs = 500;
const callMs = 5_000;
/** Milliseconds it may answer no look, unless its provider says otherwise. */
const silenceMs = 30_000;
/** Milliseconds it has left at least after each look, while a run that is to continue in it waits. */
const reservedMs = 60_000;
/** Milliseconds its warden waits past its time for whoever ends it. */
const slackMs = 10_000;
/** How often one is asked to go on with another run. */
const mostTries = 3;
/** Between two tries to end one, in milliseconds. */
const endPauses = { initialMs: 500, maxMs: 30_000 } as const;

/**
 * The sandboxes of runs that are over, each with its browser and a slot, for as long as the run that left it says; one run may continue in each. They end by time, when they
 * are let go of or make room for others; one that cannot be ended keeps its slot until it can. Dispose it to leave them to the next orchestrator on the volume.
 */
export class KeptSandboxes implements AsyncDisposable {
  readonly #options: KeptSandboxesOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #stopping = new AbortController();
  #isAdopting = false;
  #isEndingAll = false;

  constructor(options: KeptSandboxesOptions) {
    this.#options = options;
  }

  /** Those that hold a slot, the oldest first, whether they are about to end or not. */
  get slots(): readonly (KeptSlot & { readonly reservedBy: string | undefined })[] {
    return [...this.#kept.values()].map(({ runId, tenant, sinceMs, reservedBy, isEnding, isHung }) => {
      return {
        runId,
        tenant,
        sinceMs,
        keys: [],
        reservedBy,
        isFree: reservedBy === undefined && !isEnding && !this.#isAdopting,
        isEnding: isEnding && !isHung,
      };
    });
  }

  /** Goes on to keep what the orchestrator before kept. Until the answer is disposed none ends by time: the runs that had reserved them are still to be read. */
  async adopt(): Promise<Disposable> {
    this.#isAdopting = true;
    const { records } = await this.#options.records.list();
    for (const record of records) this.#attendTo(record);
    return {
      [Symbol.dispose]: () => {
        this.#isAdopting = false;
      },
    };
  }

  /** Keeps what a run left, also for the next orchestrator. The run's folder names it no more once this resolves. @throws what the volume says. */
  async add(left: KeptRecord): Promise<void> {
    if (this.#isEndingAll) throw new Fault("SHUTTING_DOWN");
    const { provider, records } = this.#options;
    await records.save(left);
    await provider.handOver?.letGo(left.handle);
    if (!this.#stopping.signal.aborted) this.#attendTo(left);
    if (this.#isEndingAll) await this.end(left.runId);
  }

  /** @throws Fault PARENT_BUSY where another run is to continue in what a run left, PARENT_GONE where that is there no more. */
  demand(runId: string): void {
    const kept = this.#kept.get(runId);
    if (kept === undefined || kept.isEnding) {
      const message = "That run's sandbox is kept no more: its time is over, it was let go of, it ended, or others needed its place.";
      throw new Fault("PARENT_GONE", { message: `${message} Where the run left its session, forkFrom begins with that.` });
    }
    if (kept.reservedBy !== undefined)
      throw new Fault("PARENT_BUSY", { message: `Run ${kept.reservedBy} is to continue in that sandbox.` });
  }

  /** Sees to it that what a run left is there for this one. @throws as `demand` does. */
  reserve(runId: string, by: string): void {
    this.demand(runId);
    const kept = this.#kept.get(runId);
    if (kept !== undefined) kept.reservedBy = by;
  }

  /** Lets others have what was reserved for a run and is not taken by it. */
  giveBack(by: string): void {
    const kept = this.#reservedBy(by);
    if (kept !== undefined) kept.reservedBy = undefined;
  }

  /**
   * Gives a run's attempt the sandbox that was reserved for it.
   *
   * @throws Fault PARENT_GONE where it is there no more; what the volume says. The sandbox has ended then, or is about to.
   */
  async take(plan: SandboxPlan): Promise<TakenSandbox> {
    const kept = this.#reservedBy(plan.runId);
    const { handOver } = this.#options.provider;
    if (kept === undefined || handOver === undefined || !isOurs(kept)) throw new Fault("PARENT_GONE");
    kept.attending.abort(new Fault("CANCELLED"));
    await kept.attended;
    try {
      const taken = await this.#handOver(kept, () => handOver.take(kept.handle, plan));
      await this.#forget(kept);
      return taken;
    } catch (error) {
      this.#end(kept);
      const fault = Fault.from(error);
      throw fault.reason === "INTERNAL" ? error : new Fault("PARENT_GONE", { cause: error });
    }
  }

  /**
   * Ends what a run left, where there is something; answers once it has ended. A run that is to continue there finds it gone.
   *
   * @throws Fault SANDBOX_HUNG where it may still live: it keeps its slot, and ending it is tried again.
   */
  async end(runId: string): Promise<void> {
    const kept = this.#kept.get(runId);
    if (kept === undefined) return;
    if (isOurs(kept)) {
      kept.attending.abort(new Fault("CANCELLED"));
      this.#end(kept);
    }
    await kept.attended;
    await kept.ending;
  }

  /** Ends them all, and keeps no more. */
  async endAll(): Promise<void> {
    this.#isEndingAll = true;
    await Promise.allSettled([...this.#kept.keys()].map((runId) => this.end(runId)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Fault("SHUTTING_DOWN"));
    const isQuiet = (kept: Kept) => kept.attended.then(() => kept.ending);
    await Promise.allSettled([...this.#kept.values()].map(isQuiet));
  }

  /** Asks again where nobody answered in time and the sandbox lives: it may be this process that stood still. What was done of it is not done twice. */
  async #handOver(kept: Kept, take: () => Promise<TakenSandbox>): Promise<TakenSandbox> {
    for (let tries = 1; ; tries++) {
      try {
        return await take();
      } catch (error) {
        const { reason } = Fault.from(error);
        const isUnanswered = reason === "DEADLINE_EXCEEDED" || reason === "SANDBOX_UNREACHABLE";
        if (tries === mostTries || !isUnanswered || !(await this.#options.provider.isAlive(kept.handle))) throw error;
        this.#options.logger.warn({ run: kept.runId, error }, "a kept sandbox is asked again");
      }
    }
  }

  #attendTo({ runId, tenant, handle, sinceMs, untilMs }: KeptRecord): void {
    if (this.#kept.has(runId)) return;
    const kept: Kept = {
      runId,
      tenant,
      handle,
      sinceMs: performance.now(),
      // A clock that was set back keeps none for longer than was asked.
      keepMs: Math.min(untilMs - sinceMs, untilMs - Date.now()),
      attending: new AbortController(),
      attended: Promise.resolve(),
      reservedBy: undefined,
      isEnding: false,
      ending: undefined,
      isHung: false,
    };
    this.#kept.set(runId, kept);
    kept.attended = this.#attend(kept);
  }

  #reservedBy(by: string): Kept | undefined {
    return [...this.#kept.values()].find(({ reservedBy }) => reservedBy === by);
  }

  /** Shows it that somebody is there, until its time is over or it does not answer, and ends it then; or until it is somebody else's to end. */
  async #attend(kept: Kept): Promise<void> {
    const { provider, logger } = this.#options;
    using link = linkSignals(kept.attending.signal, this.#stopping.signal);
    using silence = startLease({
      ttlMs: provider.silenceMs ?? silenceMs,
      onExpire: () => link.abort(new Fault("SANDBOX_HUNG")),
    });
    let isMine = false;
    let found: "over" | "taken" | undefined;
    try {
      await using connection = provider.connect(kept.handle);
      try {
        found = await this.#look(kept, connection, silence, link.signal);
      } finally {
        // Closing the connection takes a while: nobody may take it meanwhile.
        isMine = isOurs(kept);
      }
    } catch (error) {
      if (!kept.attending.signal.aborted && !this.#stopping.signal.aborted)
        logger.warn({ run: kept.runId, error }, "a kept sandbox does not answer");
    }
    if (!isMine && !isOurs(kept)) return;
    if (found === "taken") await this.#forget(kept);
    // What is left as it is, the next orchestrator finds on record.
    else if (found === "over" || !this.#stopping.signal.aborted) this.#end(kept);
  }

  /** Looks after it, at least once. Answers whether its time is over, or a run has it: an orchestrator before this one ended just as it had given it that. */
  async #look(kept: Kept, { warden, agentEvents }: SandboxConnection, silence: Lease, signal: AbortSignal): Promise<"over" | "taken"> {
    const { provider, isRuns } = this.#options;
    const calls = { signal, timeoutMs: callMs };
    const leftMs = () => kept.sinceMs + kept.keepMs - performance.now();
    const isAwaited = () => kept.reservedBy !== undefined || this.#isAdopting;
    do {
      try {
        const { alive, runId } = await warden.getSandbox({}, calls);
        if (runId !== kept.runId) {
          if (this.#kept.has(runId) || (await isRuns(kept.handle, runId))) return "taken";
          // Not on record for that run, which asks for it again once it has been read.
          if (!this.#isAdopting && kept.reservedBy !== runId) return "over";
        }
        if (!alive) return "over";
        // It acknowledges nothing, and is a sign of life.
        await agentEvents.acknowledgeSandboxEvents({ through: 0 }, calls);
        if (isAwaited()) await warden.setDeadline({ remainingMs: Math.max(reservedMs, leftMs() + slackMs) }, calls);
        silence.renew();
      } catch (error) {
        signal.throwIfAborted();
        if (!(await provider.isAlive(kept.handle))) throw error;
      }
      await delay(isAwaited() ? lookMs : Math.max(10, Math.min(lookMs, leftMs())), { signal });
    } while (isAwaited() || leftMs() > 0);
    return "over";
  }

  /** Ends it, however often that takes: for as long as it may live, it has its slot. */
  #end(kept: Kept, pauses = createBackoff(endPauses)): void {
    const { provider, logger, release = releaseSandbox } = this.#options;
    const ending = kept.attended.then(async () => {
      await release({ provider, handle: kept.handle, logger }, this.#stopping.signal);
      await this.#forget(kept);
    });
    kept.ending = ending;
    const again = async (error: unknown) => {
      this.#stopping.signal.throwIfAborted();
      logger.error({ run: kept.runId, error }, "a kept sandbox was not ended");
      kept.isHung = true;
      await delay(pauses.next(), { signal: this.#stopping.signal });
      this.#end(kept, pauses);
    };
    ending.catch(again).catch(() => {});
  }

  async #forget(kept: Kept): Promise<void> {
    const { records, logger, onFreed } = this.#options;
    // What stays on record is found to be gone, or a run's.
    await records.remove(kept.runId).catch((error: unknown) => logger.warn({ run: kept.runId, error }, "a kept sandbox stays on record"));
    if (this.#kept.delete(kept.runId)) onFreed(kept);
  }
}

/** Whether it is the caller's, from now on, to end or to take: that of the first who asks. */
function isOurs(kept: Kept): boolean {
  if (kept.isEnding) return false;
  kept.isEnding = true;
  return true;
}
