import { randomBytes } from "node:crypto";
import { freemem } from "node:os";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { placesOf } from "@clew/outbox/work-folder";
import type { Logger } from "@clew/process/logger";
import { createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import { copyInputs } from "./copy-inputs.ts";
import type { SandboxConnection } from "./sandbox-connection.ts";
import { writeSandboxFile } from "./sandbox-file.ts";
import type { SandboxName } from "./sandbox-id.ts";
import type { SandboxLauncher } from "./sandbox-launcher.ts";
import type { SandboxHandle, SandboxPlan } from "./sandbox-provider.ts";
import { WaitingSandbox } from "./waiting-sandbox.ts";
import { type WarmBounds, warmTarget } from "./warm-target.ts";

/** What a pool is made of. */
export interface WarmPoolOptions {
  readonly launcher: SandboxLauncher;
  readonly secretOf: (name: SandboxName) => string;
  /** Where its sandboxes have their folders, also when they have become a run's. */
  readonly folder: string;
  readonly bounds: WarmBounds & {
    /** Milliseconds after which one that nobody claimed is replaced. */
    readonly ageMs: number;
  };
  /** How many sandboxes may be beside those of runs. */
  readonly freeSlots: () => number;
  /** Bytes of memory that a run may need: while the machine has less left, none waits. */
  readonly runBytes: number;
  readonly log: Logger;
}

const lookMs = 250;
/** Milliseconds that a run which has just begun has the machine for itself. */
const calmMs = 1_000;
/** How far back it is looked how many runs there were. */
const latelyMs = 30_000;
const firstRetryMs = 1_000;
const mostRetryMs = 60_000;

/**
 * Sandboxes that were started before anybody needed them: each with a browser, for nobody, closed to every host and model. One is claimed by one attempt,
 * once, and waits for nobody else again; it ends with that attempt unless its run keeps it. Dispose it to end those that wait.
 */
export class WarmPool implements AsyncDisposable {
  readonly #options: WarmPoolOptions;
  readonly #ending = new AbortController();
  readonly #backoff = createBackoff({ initialMs: firstRetryMs, maxMs: mostRetryMs });
  readonly #leaving = new Set<Promise<void>>();
  /** Of those that were claimed and that nobody has connected to since. */
  readonly #connections = new Map<string, SandboxConnection>();
  #keeping: Promise<void> = Promise.resolve();
  #claimed = 0;
  #missed = 0;
  #waiting: readonly WaitingSandbox[] = [];
  /** When runs were given a sandbox. */
  #starts: readonly number[] = [];
  #calmAtMs = 0;

  constructor(options: WarmPoolOptions) {
    this.#options = options;
  }

  /** Begins to keep sandboxes waiting; until then none does. */
  open(): void {
    this.#keeping = this.#keep().catch(() => {});
  }

  /** How many wait, and how many of these are ready. */
  get size(): { readonly waiting: number; readonly ready: number } {
    return { waiting: this.#waiting.length, ready: this.#waiting.filter(({ isReady }) => isReady).length };
  }

  /**
   * Gives an attempt a sandbox that waits; undefined where there is none. It is the attempt's once it is on record: what was claimed and is not, is nobody's and ends.
   *
   * @throws what the volume says; the signal's reason.
   */
  async claim(plan: SandboxPlan, signal: AbortSignal | undefined): Promise<SandboxHandle | undefined> {
    const handle = await this.#claim(plan, signal);
    if (handle === undefined) this.#missed += 1;
    else this.#claimed += 1;
    return handle;
  }

  /** How many attempts got one that waited, and how many did not, so far. */
  get claims(): { readonly claimed: number; readonly missed: number } {
    return { claimed: this.#claimed, missed: this.#missed };
  }

  async #claim(plan: SandboxPlan, signal: AbortSignal | undefined): Promise<SandboxHandle | undefined> {
    this.#noteStart();
    for (let waiting = this.#take(); waiting !== undefined; waiting = this.#take()) {
      await using undo = new AsyncDisposableStack();
      const { sandbox, name } = waiting;
      const left = waiting;
      undo.defer(() => this.#retire(left));
      if (!(await this.#isClaimed(waiting, plan, signal))) continue;
      await copyInputs(placesOf(sandbox.workFolder).inputs, plan.inputs ?? []);
      const { runId, attempt, runFolder } = plan;
      const handle: SandboxHandle = { ...sandbox, runId, attempt, warm: { name, runFolder } };
      await writeSandboxFile(runFolder, handle);
      undo.move();
      this.#connections.set(name, waiting.handOver());
      this.#letGo(waiting[Symbol.asyncDispose]());
      return handle;
    }
    return undefined;
  }

  /** Gives the connections of a sandbox that was claimed, once, to whoever disposes them; undefined where there are none. */
  takeConnection({ warm }: Pick<SandboxHandle, "warm">): SandboxConnection | undefined {
    const connection = warm && this.#connections.get(warm.name);
    if (warm !== undefined) this.#connections.delete(warm.name);
    return connection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Fault("SHUTTING_DOWN"));
    await this.#keeping;
    for (let waiting = this.#waiting[0]; waiting !== undefined; waiting = this.#waiting[0]) this.#retire(waiting);
    await Promise.all(this.#leaving);
    for (const connection of this.#connections.values()) await connection[Symbol.asyncDispose]();
  }

  async #isClaimed(waiting: WaitingSandbox, plan: SandboxPlan, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      await waiting.claim(this.#options.launcher.claimOf(plan), signal);
      return true;
    } catch (error) {
      signal?.throwIfAborted();
      this.#options.log.warn({ err: error, run: plan.runId }, "a warm sandbox could not be claimed");
      return false;
    }
  }

  /** Takes one out of the pool, at once: nobody else gets it. The one that waits longest of those that are ready, else of all. */
  #take(): WaitingSandbox | undefined {
    const there = this.#waiting.filter(({ isLost }) => !isLost);
    const taken = there.find(({ isReady }) => isReady) ?? there[0];
    this.#waiting = this.#waiting.filter((one) => one !== taken);
    return taken;
  }

  #noteStart(): void {
    const nowMs = performance.now();
    this.#starts = [...this.#starts.filter((ms) => nowMs - ms < latelyMs), nowMs];
    // Not put off by each run that follows: where runs come often, it is needed most.
    if (nowMs >= this.#calmAtMs) this.#calmAtMs = nowMs + calmMs;
  }

  /** Keeps as many waiting as are to wait, starting one after the other. Rejects when the pool ends. */
  async #keep(): Promise<never> {
    const { signal } = this.#ending;
    for (;;) {
      await delay(lookMs, { signal });
      this.#clear();
      if (performance.now() < this.#calmAtMs || this.#waiting.length >= this.#target()) continue;
      try {
        await this.#startOne(signal);
        this.#backoff.reset();
      } catch (error) {
        signal.throwIfAborted();
        this.#options.log.warn({ err: error }, "a warm sandbox did not start");
        await delay(firstRetryMs + this.#backoff.next(), { signal });
      }
    }
  }

  async #startOne(signal: AbortSignal): Promise<void> {
    const { launcher, folder, secretOf } = this.#options;
    const warm = randomBytes(8).toString("hex");
    const sandbox = await launcher.launch({ name: { warm }, workFolder: join(folder, warm) }, signal);
    this.#waiting = [...this.#waiting, new WaitingSandbox(warm, sandbox, secretOf({ warm }))];
  }

  /** Ends what has ended, what is too old, and what is too many. */
  #clear(): void {
    const { ageMs } = this.#options.bounds;
    for (const one of this.#waiting) if (one.isLost || performance.now() - one.sinceMs > ageMs) this.#retire(one);
    // The last one first: it may not even be ready.
    for (const one of this.#waiting.slice(this.#target())) this.#retire(one);
  }

  #target(): number {
    const { bounds, freeSlots, runBytes } = this.#options;
    const nowMs = performance.now();
    return warmTarget(bounds, {
      startsLately: this.#starts.filter((ms) => nowMs - ms < latelyMs).length,
      freeSlots: freeSlots(),
      isMemoryShort: freemem() < runBytes,
      memories: this.#waiting.map(({ memoryBytes }) => memoryBytes),
    });
  }

  #retire(waiting: WaitingSandbox): void {
    this.#waiting = this.#waiting.filter((one) => one !== waiting);
    const { launcher, log } = this.#options;
    const end = async () => {
      await waiting.release().catch(() => {});
      await waiting[Symbol.asyncDispose]();
      await launcher.kill({ warm: waiting.name }, waiting.sandbox);
      await launcher.remove({ warm: waiting.name }, waiting.sandbox);
    };
    this.#letGo(end().catch((error: unknown) => log.error({ err: error }, "a warm sandbox was not removed")));
  }

  #letGo(leaving: Promise<void>): void {
    this.#leaving.add(leaving);
    void leaving.finally(() => this.#leaving.delete(leaving));
  }
}
