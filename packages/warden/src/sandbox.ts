import { dirname } from "node:path";
import { Fault } from "@clew/fault/fault";
import type { Outbox } from "@clew/outbox/outbox";
import { placesOf } from "@clew/outbox/work-folder";
import { ControlGroup } from "@clew/process/control-group";
import type { Logger } from "@clew/process/logger";
import { endProcesses, findProcesses, readProcess, readProcesses, type SandboxMarks } from "@clew/process/process-tree";
import { SandboxExited, SandboxKept, SandboxReady } from "@clew/proto/grpc/clew/run/v1/run_event";
import { delay } from "@clew/streams/delay";
import { mostThreads } from "./agent-command.ts";
import { type AgentExit, type AgentProcess, startAgentProcess } from "./agent-process.ts";
import type { ClaimSlot } from "./claim.ts";
import type { WardenSettings } from "./config.ts";
import type { SandboxEgress } from "./egress/sandbox-egress.ts";
import { adoptOrphans, type Orphans } from "./limits/adopt-orphans.ts";
import { findDescendants } from "./limits/find-descendants.ts";
import { type LimitsWatch, watchLimits } from "./limits/watch-limits.ts";
import type { ModelRelay } from "./model-relay/model-relay.ts";
import type { Stays } from "./stay.ts";

/** Milliseconds an agent that is asked to close has. */
const closeMs = 3_000;
/** Milliseconds the end of its log has to be written. */
const loggedMs = 1_000;
/** Milliseconds that whoever keeps a sandbox has to end it himself once its time is over. */
const keptSlackMs = 10_000;
const maxTimerMs = 2 ** 31 - 1;

/** What of the warden's a sandbox uses. */
export interface SandboxParts {
  /** Whom it is for. */
  readonly slot: ClaimSlot;
  readonly stays: Stays;
  /** Its way out. */
  readonly egress: SandboxEgress;
  /** Its way to models. */
  readonly models: Pick<ModelRelay, "revoke"> & AsyncDisposable;
  readonly log: Logger;
}

/** What holds the sandbox's processes, so that none gets away. */
interface Holders {
  readonly orphans: Orphans | undefined;
  readonly group: ControlGroup | undefined;
}

/** Starts a sandbox and watches over it. Rejects when its first process cannot be spawned. */
export async function startSandbox(settings: WardenSettings, parts: SandboxParts): Promise<Sandbox> {
  const startedAt = performance.now();
  // A namespace of processes keeps what it holds; without one, nothing but this does.
  const orphans = settings.isolation.kind === "process" ? await adoptOrphans() : undefined;
  const { controlGroup, limits } = settings;
  const group = controlGroup && new ControlGroup(controlGroup);
  await using undo = new AsyncDisposableStack();
  if (group !== undefined) undo.defer(() => group.remove());
  await group?.make({ memoryBytes: limits.memoryBytes, tasks: mostThreads(limits) });
  const agent = await startAgentProcess(settings, group);
  undo.move();
  return new Sandbox(settings, agent, { ...parts, orphans, group }, startedAt);
}

/** The processes of one sandbox, from their start until none is left; and what the warden says of them. */
export class Sandbox implements Disposable {
  readonly #settings: WardenSettings;
  readonly #agent: AgentProcess;
  readonly #stays: Stays;
  readonly #egress: SandboxEgress;
  readonly #models: SandboxParts["models"];
  readonly #log: Logger;
  readonly #orphans: Orphans | undefined;
  readonly #group: ControlGroup | undefined;
  readonly #groups: Set<number>;
  readonly #since = readProcess(process.pid)?.startTime ?? "";
  readonly #startTimer: NodeJS.Timeout;
  readonly #watch: LimitsWatch;
  #deadlineTimer: NodeJS.Timeout | undefined;
  #deadlineAt = 0;
  #cause = "";
  #browser = "";
  #isAlive = true;
  #ended: { readonly stay: number; readonly kept: Promise<void> } | undefined;

  /** Resolves once no process is left and `sandboxExited` is written. Never rejects. */
  readonly exited: Promise<void>;

  constructor(settings: WardenSettings, agent: AgentProcess, parts: SandboxParts & Holders, startedAt: number) {
    const { slot, stays, egress, models, log } = parts;
    this.#settings = settings;
    this.#agent = agent;
    this.#stays = stays;
    this.#egress = egress;
    this.#models = models;
    this.#log = log;
    this.#orphans = parts.orphans;
    this.#group = parts.group;
    this.#groups = new Set([agent.pid]);
    this.#startTimer = setTimeout(() => this.#killFor("START_TIMEOUT"), settings.startTimeoutMs);
    this.#watch = watchLimits({
      findPids: () => this.#findPids(),
      folders: [placesOf(settings.workFolder).agent, dirname(settings.agentSocket)],
      limits: settings.limits,
      lacksMemory: () => parts.group?.lacksMemory === true,
      onExcess: (excess) => this.#killFor(excess),
      onBlind: (err) => log.warn({ err }, "what the sandbox takes could not be looked at"),
    });
    this.setDeadline(slot.claim?.deadlineMs ?? settings.mostWaitMs);
    void agent.ready.then((browser) => this.#becomeReady(browser));
    if (slot.claim === undefined) void slot.taken.then(({ deadlineMs }) => this.setDeadline(deadlineMs));
    void this.#sayReady(agent.ready, slot, startedAt);
    this.exited = agent.exited.then((exit) => this.#leave(exit));
  }

  /** Whether the agent's process, or anything it left behind, may still live. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Whether it has ended, or is about to. */
  get isEnding(): boolean {
    return !this.#isAlive || this.#cause !== "";
  }

  /** The browser's name and version; empty until the sandbox can work. */
  get browser(): string {
    return this.#browser;
  }

  /** Bytes of memory its processes were last seen to have; shared memory may be counted more than once. */
  get memoryBytes(): number {
    return this.#watch.memoryBytes;
  }

  /** Milliseconds until the warden ends the sandbox on its own; 0 once it has ended. */
  get remainingMs(): number {
    return this.#isAlive ? Math.max(0, Math.ceil(this.#deadlineAt - performance.now())) : 0;
  }

  /** Moves the deadline to so many milliseconds from now. */
  setDeadline(remainingMs: number): void {
    clearTimeout(this.#deadlineTimer);
    if (!this.#isAlive) return;
    this.#deadlineAt = performance.now() + remainingMs;
    this.#deadlineTimer = setTimeout(() => this.#killFor("DEADLINE"), Math.min(maxTimerMs, remainingMs));
  }

  /**
   * Ends a run's stay: what it may do ends at once, and what it used is said. It ends itself `keepMs` milliseconds from now, unless it is given to another run.
   * Repeatable; of a stay that is over already it changes nothing.
   *
   * @throws Fault SANDBOX_LOST where it is ending.
   */
  async keep(stay: number, keepMs: number): Promise<void> {
    if (this.isEnding) throw new Fault("SANDBOX_LOST");
    if (stay !== this.#stays.current.number) return;
    this.setDeadline(keepMs + keptSlackMs);
    if (this.#ended?.stay !== stay) this.#ended = { stay, kept: this.#endStay(keepMs) };
    await this.#ended.kept;
  }

  /** Begins a later run's stay. Whatever that may do was granted. */
  goOn(deadlineMs: number): void {
    this.setDeadline(deadlineMs);
    this.#sayIsReady(performance.now(), { warm: true, continued: true });
  }

  /**
   * Ends every process and answers once none is left and `sandboxExited` is written. The first cause given stays.
   *
   * @throws Fault INTERNAL when a process survives.
   */
  async kill(cause: string): Promise<void> {
    if (this.#isAlive && this.#cause === "") this.#cause = cause;
    await this.#sweep();
    await this.exited;
  }

  /** Like kill, but lets the browser close and its processes be reaped first: under an init that does not reap, no zombies are left. */
  async end(cause: string): Promise<void> {
    if (this.#isAlive && this.#cause === "") this.#cause = cause;
    this.#agent.close();
    await Promise.race([this.exited, delay(closeMs)]);
    await this.kill(cause);
  }

  /** Stops the timers and the watch. Processes are not touched. */
  [Symbol.dispose](): void {
    clearTimeout(this.#startTimer);
    clearTimeout(this.#deadlineTimer);
    this.#watch[Symbol.dispose]();
  }

  #becomeReady(browser: string): void {
    if (this.isEnding) return;
    clearTimeout(this.#startTimer);
    this.#browser = browser;
    // Chromium leads a group of its own: its children stay in it when it dies before we look again.
    if (!this.#isHeld) for (const { group } of findProcesses(this.#marks())) this.#groups.add(group);
  }

  /** Says that it can work once it can, and is somebody's: until then there is no one to tell. */
  async #sayReady(ready: Promise<string>, slot: ClaimSlot, startedAt: number): Promise<void> {
    const warm = slot.claim === undefined;
    const sinceMs = slot.taken.then(() => (warm ? performance.now() : startedAt));
    const [, since] = await Promise.all([ready, sinceMs]);
    if (!this.isEnding) this.#sayIsReady(since, { warm, continued: false });
  }

  #sayIsReady(sinceMs: number, how: { readonly warm: boolean; readonly continued: boolean }): void {
    const browser = this.#browser;
    const durationMs = Math.round(performance.now() - sinceMs);
    const { kind: isolation } = this.#settings.isolation;
    this.#say(`Sandbox is ready with ${browser}`, {
      $case: "sandboxReady",
      value: SandboxReady.fromPartial({ isolation, browser, durationMs, ...how }),
    });
  }

  async #endStay(keepMs: number): Promise<void> {
    const { outbox, places } = this.#stays.current;
    const expireTime = new Date(Date.now() + keepMs);
    this.#egress.close();
    await this.#models.revoke();
    await this.#recordEgress(places.egress);
    this.#say("Sandbox is kept with its browser", {
      $case: "sandboxKept",
      value: SandboxKept.fromPartial({ expireTime, egressBytes: this.#egress.bytes, facts: { egress: this.#egress.counts } }),
    });
    await outbox.finish();
  }

  async #recordEgress(file: string): Promise<void> {
    await this.#egress.record(file).catch((error: unknown) => {
      this.#log.error({ err: error }, "what the sandbox exchanged could not be written");
    });
  }

  async #leave({ exitCode, signal }: AgentExit): Promise<void> {
    this[Symbol.dispose]();
    try {
      await this.#sweep();
    } catch (error) {
      this.#log.error({ err: error }, "processes of the sandbox are left");
    }
    await this.#leaveGroup();
    await Promise.race([this.#agent.logged, delay(loggedMs)]);
    // What its calls took is said before its last event.
    await this.#models[Symbol.asyncDispose]();
    const { outbox, places } = this.#stays.current;
    // Of one that is kept all is said.
    if (!outbox.finished) await this.#recordEgress(places.egress);
    this.#isAlive = false;
    if (outbox.finished) return;
    const how = this.#cause !== "" ? this.#cause : signal !== "" ? `signal ${signal}` : `exit code ${exitCode}`;
    this.#say(`Sandbox exited: ${how}`, {
      $case: "sandboxExited",
      value: SandboxExited.fromPartial({
        exitCode,
        signal,
        cause: this.#cause,
        egressBytes: this.#egress.bytes,
        facts: { egress: this.#egress.counts },
      }),
    });
    await outbox.finish().catch((error: unknown) => this.#log.error({ err: error }, "the outbox could not be finished"));
  }

  /** What the kernel ended has no other cause. */
  async #leaveGroup(): Promise<void> {
    if (this.#cause === "" && this.#group?.lacksMemory === true) this.#cause = "OUT_OF_MEMORY";
    await this.#group?.remove().catch((error: unknown) => this.#log.error({ err: error }, "the sandbox's control group is left"));
  }

  #killFor(cause: string): void {
    this.kill(cause).catch((error: unknown) => this.#log.error({ err: error, cause }, "the sandbox could not be ended"));
  }

  async #sweep(): Promise<void> {
    try {
      const killed = await endProcesses(this.#marks());
      if (killed.length > 0) this.#log.info({ processes: killed.length }, "processes of the sandbox ended");
    } catch (cause) {
      throw new Fault("INTERNAL", { message: "Processes of the sandbox could not be ended.", cause });
    }
  }

  /** What left its parent is held by a control group or a namespace of processes, or is this process's child; where none is to be had, its marks tell. */
  #findPids(): readonly number[] {
    const grouped = this.#group?.pids ?? [];
    if (this.#group !== undefined && this.#settings.isolation.kind !== "process") return grouped;
    // As a process, it may leave its group where Clew may write there.
    return [...new Set([...grouped, ...this.#findUngrouped()])];
  }

  #findUngrouped(): number[] {
    if (!this.#isHeld) return findProcesses(this.#marks()).map(({ pid }) => pid);
    const all = readProcesses();
    this.#orphans?.reap(all, new Set([this.#agent.pid]));
    return findDescendants(all, process.pid);
  }

  /** Whether all that lives of it descends from this process. */
  get #isHeld(): boolean {
    return this.#orphans !== undefined || this.#settings.isolation.kind !== "process";
  }

  #marks(): SandboxMarks {
    const { sandboxId: id, workFolder: folder } = this.#settings;
    return { id, folder, groups: this.#groups, since: this.#since, ...(this.#orphans && { adopter: process.pid }) };
  }

  #say(...[summary, payload]: [summary: string, payload: Parameters<Outbox["append"]>[0]["payload"]]): void {
    this.#stays.current.outbox
      .append({ summary, payload })
      .catch((error: unknown) => this.#log.error({ err: error }, "an event could not be written"));
  }
}
