import type { GroupFolders } from "@clew/process/control-group";
import type { InputPath } from "../files/input-files.ts";
import type { GrantedModels } from "../models/choose-models.ts";
import type { RunEgress } from "../runs/egress-policy.ts";
import type { SandboxConnection } from "./sandbox-connection.ts";

/** How a sandbox is kept apart from the machine. */
export type Isolation = "process" | "bubblewrap";

/** What a sandbox may take of the machine; one that takes more is ended. */
export interface SandboxLimits {
  /** Of all its processes together, in bytes. */
  readonly memoryBytes: number;
  readonly processes: number;
  /** Of all its files together, in bytes. */
  readonly diskBytes: number;
}

/** What a sandbox is started for. */
export interface SandboxPlan {
  readonly runId: string;
  readonly attempt: number;
  /** The run's folder on the volume; the sandbox's own work folder is made in it. */
  readonly runFolder: string;
  /** Milliseconds from now until the warden ends the sandbox on its own. */
  readonly deadlineMs: number;
  /** Where the work may connect to; nowhere unless given. */
  readonly egress?: RunEgress;
  /** The models that the work may call; none unless given. */
  readonly models?: GrantedModels | undefined;
  /** Files the work may read, under these names in `inputs` of its folder. */
  readonly inputs?: readonly InputPath[];
  /** Whether it may be kept for another run: its folder is then no run's. */
  readonly mayBeKept?: boolean;
}

/** A started sandbox, whoever it is for. */
export interface SandboxProcess {
  readonly isolation: Isolation;
  /** Where the warden listens: `unix:…`. */
  readonly wardenAddress: string;
  /** Where the agent listens: `unix:…`. */
  readonly agentAddress: string;
  /** The sandbox's own folder: outboxes, logs, and the files the work leaves. */
  readonly workFolder: string;
  /** The warden's process; with start time and boot id it names one process for ever. */
  readonly pid: number;
  /** Field 22 of `/proc/<pid>/stat`. */
  readonly startTime: string;
  /** The boot of the machine it was started in. */
  readonly bootId: string;
  /** Its control group; absent where it has none. */
  readonly controlGroup?: GroupFolders | undefined;
}

/** Where in a sandbox's logs something begins, in bytes. */
export interface LogOffsets {
  readonly warden: number;
  readonly agent: number;
}

/** The sandbox of an attempt, as `sandbox.json` in the run's folder names it for this orchestrator and the next. */
export interface SandboxHandle extends SandboxProcess {
  readonly runId: string;
  readonly attempt: number;
  /** Which run's stay in it this is; the first unless given. */
  readonly stay?: number | undefined;
  /** How many bytes of its logs are of the stays before; none unless given. */
  readonly logsFrom?: LogOffsets | undefined;
  /** Where it is no one run's: the name it was given at its start, and the folder of the run that has it now. */
  readonly warm?: { readonly name: string; readonly runFolder: string } | undefined;
}

/** A sandbox that was given to a run that continues in it. */
export interface TakenSandbox {
  readonly handle: SandboxHandle;
  /** What must never be written of the runs before. */
  readonly secrets: readonly string[];
}

/** Hands sandboxes from run to run. */
export interface HandOver {
  /** Has no run's folder name a kept sandbox any more: whoever kept it has it on record. */
  letGo(handle: SandboxHandle): Promise<void>;
  /**
   * Gives a kept sandbox to another attempt. It is on record for that once this resolves; otherwise it is the caller's to end.
   *
   * @throws Fault SANDBOX_LOST or what its warden and its agent say; what the volume says.
   */
  take(handle: SandboxHandle, plan: SandboxPlan): Promise<TakenSandbox>;
}

/** Starts sandboxes, finds them again, and sees to it that nothing of them is left. */
export interface SandboxProvider {
  readonly isolation: Isolation;
  /** Milliseconds a sandbox may give no sign of life; 30,000 unless given. */
  readonly silenceMs?: number | undefined;
  /** Without it no sandbox is kept. */
  readonly handOver?: HandOver | undefined;
  /**
   * Starts a sandbox that outlives this process, and answers once its warden listens.
   *
   * @throws Fault SANDBOX_START_FAILED, and nothing of the sandbox is left; the signal's reason, and a sandbox that `find` answers by then goes on.
   */
  start(plan: SandboxPlan, options: { readonly signal?: AbortSignal }): Promise<SandboxHandle>;
  /**
   * Finds the sandbox that a run's folder names; undefined when it names none.
   *
   * @throws when something names one and cannot be read or understood: a sandbox may well live then.
   */
  find(runFolder: string): Promise<SandboxHandle | undefined>;
  /** Opens the calls of a sandbox. Whoever opens them disposes them; the sandbox goes on. */
  connect(handle: SandboxHandle): SandboxConnection;
  /** Whether the sandbox's warden lives. */
  isAlive(handle: SandboxHandle): Promise<boolean>;
  /** Ends the warden and every process of the sandbox: the last resort, when the warden does not answer. Its folder stays. */
  kill(handle: SandboxHandle): Promise<void>;
  /** Removes the sandbox's folder, its sockets and `sandbox.json`; what still lives is ended first. Repeatable. */
  remove(handle: SandboxHandle): Promise<void>;
  /** Removes what there may be of a sandbox that no `sandbox.json` names: its start, or its removal, was cut short. Repeatable. */
  clear(sandbox: Pick<SandboxPlan, "runId" | "attempt" | "runFolder">): Promise<void>;
}
