import { Fault } from "@clew/fault/fault";
import type { Logger } from "@clew/process/logger";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import type { KeptSlot } from "../queue/kept-in-the-way.ts";
import type { SandboxHandle, SandboxPlan, SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import { releaseSandbox } from "./release-sandbox.ts";

/** A sandbox whose run is over, and which waits for one that continues in it. */
export interface LeftSandbox {
  readonly runId: string;
  readonly tenant: string;
  readonly handle: SandboxHandle;
  /** What must never be written of that run, nor of one that continues. */
  readonly secrets: readonly string[];
  /** Milliseconds until it ends, where none does by then. */
  readonly keepMs: number;
}

/** A sandbox that was given to a run that continues in it. */
export interface TakenSandbox {
  readonly handle: SandboxHandle;
  /** What must never be written of the runs before. */
  readonly secrets: readonly string[];
}

/** What keeping sandboxes needs. */
export interface KeptSandboxesOptions {
  readonly provider: SandboxProvider;
  readonly logger: Logger;
  /** Hears of each slot that one let go of: it ended, or is a run's. */
  readonly onFreed: (slot: Pick<KeptSlot, "tenant" | "sinceMs">) => void;
}

interface Kept extends LeftSandbox {
  readonly sinceMs: number;
  readonly attending: AbortController;
  /** Settles once nobody attends to it; then it has ended, or is another run's. */
  attended: Promise<void>;
  /** The run that is to continue in it. */
  reservedBy: string | undefined;
  isEnding: boolean;
}

/** How often it is looked after, in milliseconds: its warden and its agent end where nobody is there. */
const lookMs = 500;
const callMs = 5_000;
/** Milliseconds it is given more at each look, while a run that is to continue in it waits. */
const reservedMs = 60_000;

/**
 * The sandboxes of runs that are over, each with its browser and a slot, for as long as the run that left it says; one run may continue in each. They end by time, when they
 * are let go of or make room for others, and when this is disposed. No sandbox outlives this process for long: nobody looks after it then.
 */
export class KeptSandboxes implements AsyncDisposable {
  readonly #options: KeptSandboxesOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #stopping = new AbortController();

  constructor(options: KeptSandboxesOptions) {
    this.#options = options;
  }

  /** Those that hold a slot, the oldest first, whether they are about to end or not. */
  get slots(): readonly (KeptSlot & { readonly reservedBy: string | undefined })[] {
    return [...this.#kept.values()].map(({ runId, tenant, sinceMs, reservedBy, isEnding }) => {
      return { runId, tenant, sinceMs, keys: [], reservedBy, isFree: reservedBy === undefined && !isEnding, isEnding };
    });
  }

  /** Keeps what a run left. The run's folder names it no more once this resolves: if this process ends, so does the sandbox. */
  async add(left: LeftSandbox): Promise<void> {
    if (this.#stopping.signal.aborted) throw new Fault("SHUTTING_DOWN");
    await this.#options.provider.handOver?.letGo(left.handle);
    const attending = new AbortController();
    const sinceMs = performance.now();
    const kept: Kept = { ...left, sinceMs, attending, attended: Promise.resolve(), reservedBy: undefined, isEnding: false };
    this.#kept.set(left.runId, kept);
    kept.attended = this.#attend(kept).catch((error: unknown) => this.#options.logger.error({ error }, "a kept sandbox was not ended"));
    if (this.#stopping.signal.aborted) await this.end(left.runId);
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
   * @throws Fault PARENT_GONE where it is there no more; what the volume says; the signal's reason. The sandbox has ended then, or is about to.
   */
  async take(plan: SandboxPlan, signal: AbortSignal): Promise<TakenSandbox> {
    const kept = this.#reservedBy(plan.runId);
    const { handOver } = this.#options.provider;
    if (kept === undefined || kept.isEnding || handOver === undefined) throw new Fault("PARENT_GONE");
    kept.isEnding = true;
    kept.attending.abort(new Fault("CANCELLED"));
    await kept.attended;
    try {
      const handle = await handOver.take(kept.handle, plan, signal);
      this.#forget(kept);
      return { handle, secrets: kept.secrets };
    } catch (error) {
      kept.attended = this.#end(kept);
      signal.throwIfAborted();
      const fault = Fault.from(error);
      throw fault.reason === "INTERNAL" ? error : new Fault("PARENT_GONE", { cause: error });
    }
  }

  /** Ends what a run left, where there is something; answers once it has ended. A run that is to continue there finds it gone. */
  async end(runId: string): Promise<void> {
    const kept = this.#kept.get(runId);
    if (kept === undefined) return;
    if (!kept.isEnding) {
      kept.isEnding = true;
      kept.attending.abort(new Fault("CANCELLED"));
      kept.attended = kept.attended.then(() => this.#end(kept));
    }
    await kept.attended;
  }

  /** Ends them all, and keeps no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Fault("SHUTTING_DOWN"));
    await Promise.all([...this.#kept.keys()].map((runId) => this.end(runId)));
  }

  #reservedBy(by: string): Kept | undefined {
    return [...this.#kept.values()].find(({ reservedBy }) => reservedBy === by);
  }

  /** Shows it that somebody is there, until it has ended, its time is over, or it is somebody else's to end. */
  async #attend(kept: Kept): Promise<void> {
    const { provider, logger } = this.#options;
    using link = linkSignals(kept.attending.signal);
    const { signal } = link;
    try {
      await using connection = provider.connect(kept.handle);
      const calls = { signal, timeoutMs: callMs };
      while (kept.reservedBy !== undefined || performance.now() - kept.sinceMs < kept.keepMs) {
        const { alive } = await connection.warden.getSandbox({}, calls);
        if (!alive) break;
        // It acknowledges nothing, and is a sign of life.
        await connection.agentEvents.acknowledgeSandboxEvents({ through: 0 }, calls);
        if (kept.reservedBy !== undefined) await connection.warden.setDeadline({ remainingMs: reservedMs }, calls);
        const leftMs = kept.sinceMs + kept.keepMs - performance.now();
        await delay(Math.max(10, Math.min(lookMs, leftMs)), { signal });
      }
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ run: kept.runId, error }, "a kept sandbox does not answer");
    }
    kept.isEnding = true;
    await this.#end(kept);
  }

  async #end(kept: Kept): Promise<void> {
    const { provider, logger } = this.#options;
    try {
      await releaseSandbox({ provider, handle: kept.handle, logger }, new AbortController().signal);
    } catch (error) {
      logger.error({ run: kept.runId, error }, "a kept sandbox was not ended");
    }
    this.#forget(kept);
  }

  #forget(kept: Kept): void {
    this.#kept.delete(kept.runId);
    this.#options.onFreed(kept);
  }
}
