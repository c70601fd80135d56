import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ForbiddenAddress } from "@clew/egress/egress-policy";
import { metadataServices } from "@clew/egress/metadata-services";
import { Fault } from "@clew/fault/fault";
import { placesOf } from "@clew/outbox/work-folder";
import { compileCacheEnvironment } from "@clew/process/compile-cache";
import { ControlGroup, type GroupFolders, groupIn, groupOf } from "@clew/process/control-group";
import { frugalNode } from "@clew/process/frugal-node";
import type { Logger } from "@clew/process/logger";
import { endProcesses, readBootId, readProcess } from "@clew/process/process-tree";
import { removeFolder } from "@clew/process/remove-folder";
import { delay } from "@clew/streams/delay";
import type { InputPath } from "../files/input-files.ts";
import { deriveChannelSecrets } from "./channel-secrets.ts";
import { copyInputs } from "./copy-inputs.ts";
import { endSandbox } from "./end-sandbox.ts";
import { wardenVariable } from "./marked-processes.ts";
import { sandboxPath } from "./prove-isolation.ts";
import { formatSandboxId, type SandboxName } from "./sandbox-id.ts";
import type { SandboxLimits, SandboxPlan, SandboxProcess } from "./sandbox-provider.ts";
import { makeSocketFolder, type SocketPaths, socketPaths } from "./socket-folder.ts";

/** How sandboxes are kept apart: not at all but for being processes of their own, or enclosed by bubblewrap, with the paths they may read. */
export type LocalIsolation = { readonly kind: "process" } | { readonly kind: "bubblewrap"; readonly readable: readonly string[] };

/** What sandboxes on this machine are started with. */
export interface LocalProviderOptions {
  /** Tells this volume's sandboxes from others' on the machine: 8 hex digits. */
  readonly volumeMark: string;
  /** The secret of a sandbox's channel, at least 16 characters; both ends prove on each call that they hold it. */
  readonly secretOf: (name: SandboxName) => string;
  readonly isolation: LocalIsolation;
  /** The Node.js that runs warden and agent. */
  readonly node: string;
  readonly wardenPath: string;
  readonly agentPath: string;
  readonly chromium: {
    readonly executablePath: string;
    /** Whether Chromium's own sandbox is on; off only where the machine does not allow it. */
    readonly sandbox: boolean;
  };
  readonly headless: boolean;
  /** Names the addresses that no sandbox reaches, at the start of each; the metadata services unless given. */
  readonly forbidden?: () => readonly ForbiddenAddress[];
  /** The control group in which each has one of its own; without it, what one takes is only looked at. */
  readonly lentGroup?: GroupFolders | undefined;
  /** 2 GiB of memory, 256 processes and 4 GiB of disk unless given. */
  readonly limits?: SandboxLimits;
  /** Milliseconds without an orchestrator after which a sandbox ends itself. */
  readonly adoptionGraceMs: number;
  /** Milliseconds a sandbox may give no sign of life; 30,000 unless given. */
  readonly silenceMs?: number;
  /** Milliseconds the agent has to be ready; 60,000 unless given. */
  readonly startTimeoutMs?: number;
  /** The folder for the sockets' folders: one with a short path. The temp folder unless given. */
  readonly socketFolder?: string;
  /** A file of certificates that wardens trust, of models' providers and upstream proxies, besides those that Node.js knows; none unless given. */
  readonly caCertificates?: string | undefined;
  /** The search path that warden and agent are given; the usual system folders unless given. */
  readonly path?: string;
  /** Where sandboxes that are no one run's have their folders; without it each is one run's. */
  readonly sharedFolder?: string;
  /** Milliseconds a sandbox may wait for its run; 30 minutes unless given. */
  readonly mostWaitMs?: number;
  readonly log: Logger;
}

const usualLimits: SandboxLimits = { memoryBytes: 2 * 2 ** 30, processes: 256, diskBytes: 4 * 2 ** 30 };
/** Milliseconds a warden has to listen. */
const listenMs = 20_000;
/** Milliseconds a released warden has to exit. */
const exitMs = 5_000;

/** A sandbox that is to be. */
export interface Birth {
  readonly name: SandboxName;
  readonly workFolder: string;
  /** The files of the run it is for. */
  readonly inputs?: readonly InputPath[];
  /** Who it is for from the first, as its warden is told; without it, it waits to be claimed. */
  readonly claim?: object;
  /** Puts it on record before it is told anything; once this resolves, it is left to go on where its start is given up. */
  readonly record?: (started: SandboxProcess) => Promise<void>;
}

/** Starts sandboxes on this machine, each under its own warden, and ends them. */
export class SandboxLauncher {
  readonly #options: LocalProviderOptions;
  readonly #bootId = readBootId();

  constructor(options: LocalProviderOptions) {
    this.#options = options;
  }

  /**
   * Starts a sandbox that outlives this process, and answers once its warden listens.
   *
   * @throws Fault SANDBOX_START_FAILED, or the signal's reason; nothing of it is left then, unless it was put on record and given up.
   */
  async launch(birth: Birth, signal: AbortSignal | undefined): Promise<SandboxProcess> {
    signal?.throwIfAborted();
    const { name, workFolder, record } = birth;
    const sockets = this.#socketsOf(name);
    await using undo = new AsyncDisposableStack();
    await removeFolder(workFolder);
    await mkdir(workFolder, { recursive: true, mode: 0o700 });
    undo.defer(() => removeFolder(workFolder));
    const { inputs } = placesOf(workFolder);
    await mkdir(inputs, { recursive: true, mode: 0o700 });
    await copyInputs(inputs, birth.inputs ?? []);
    await makeSocketFolder(sockets);
    undo.defer(() => removeFolder(sockets.folder));
    const warden = await this.#spawnWarden(birth);
    const started: SandboxProcess = {
      isolation: this.#options.isolation.kind,
      wardenAddress: `unix:${sockets.warden}`,
      agentAddress: `unix:${sockets.agent}`,
      workFolder,
      pid: warden.pid,
      startTime: warden.startTime,
      bootId: this.#bootId,
      controlGroup: this.#groupOf(name),
    };
    undo.defer(() => this.kill(name, started));
    await record?.(started);
    // Only now: a warden whose orchestrator died before it was on record gets no settings, and ends.
    warden.begin(this.#settingsOf(birth, sockets));
    await this.#untilListening(started, sockets.warden, signal).catch((error: unknown) => {
      // It is on record and goes on: the next orchestrator adopts it.
      if (signal?.aborted && record !== undefined) undo.move();
      throw error;
    });
    undo.move();
    return started;
  }

  /** What a warden is told of whom its sandbox is for, and what that may do there. */
  claimOf({ runId, attempt, deadlineMs, models, egress }: SandboxPlan): object {
    const forbidden = this.#options.forbidden?.() ?? metadataServices;
    return { runId, attempt, deadlineMs, models, ...(egress && { egress: { ...egress, forbidden } }) };
  }

  /** Whether a sandbox's warden lives. */
  isAlive({ bootId, pid, startTime }: SandboxProcess): boolean {
    return bootId === this.#bootId && readProcess(pid)?.startTime === startTime;
  }

  /** Ends the warden and every process of a sandbox, and removes its sockets. It is dead where they could not be removed, too. */
  async kill(name: SandboxName, sandbox: SandboxProcess): Promise<void> {
    const wardens = this.isAlive(sandbox) ? [sandbox.pid] : [];
    const marks = { id: this.#idOf(name), folder: sandbox.workFolder, since: sandbox.startTime };
    if (sandbox.bootId === this.#bootId) await endSandbox(wardens, marks);
    await this.#removeGroup(sandbox.controlGroup);
    const sockets = dirname(sandbox.wardenAddress.slice("unix:".length));
    await removeFolder(sockets).catch((error: unknown) => {
      this.#options.log.error({ err: error, sandbox: this.#idOf(name) }, "the sockets of a sandbox could not be removed");
    });
  }

  /** Removes a sandbox with its folder; a warden that was asked to release it has a moment to exit. Repeatable. */
  async remove(name: SandboxName, sandbox: SandboxProcess): Promise<void> {
    const until = performance.now() + exitMs;
    while (this.isAlive(sandbox) && performance.now() < until) await delay(10);
    await this.kill(name, sandbox);
    await removeFolder(sandbox.workFolder);
  }

  /** Removes what there may be of a sandbox of which no more than its name and its folder are known. Repeatable. */
  async clear(name: SandboxName, workFolder: string): Promise<void> {
    await endProcesses({ id: this.#idOf(name), folder: workFolder });
    await this.#removeGroup(this.#groupOf(name));
    await removeFolder(this.#socketsOf(name).folder);
    await removeFolder(workFolder);
  }

  /** @throws Error where processes are left in it. */
  async #removeGroup(folders: GroupFolders | undefined): Promise<void> {
    const group = folders && new ControlGroup(folders);
    await group?.remove().catch((error: unknown) => {
      if (group.pids.length > 0) throw error;
      this.#options.log.error({ err: error }, "the control group of a sandbox could not be removed");
    });
  }

  #groupOf(name: SandboxName): GroupFolders | undefined {
    const { lentGroup } = this.#options;
    return lentGroup && groupIn(lentGroup, groupOf(this.#idOf(name)));
  }

  /** Starts a warden that waits for its settings. */
  async #spawnWarden({ name, workFolder }: Birth) {
    const { node, wardenPath, path = sandboxPath, caCertificates, log } = this.#options;
    const trusted = caCertificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: caCertificates };
    const id = this.#idOf(name);
    await using logFile = await open(join(workFolder, "warden.log"), "a", 0o600);
    const child = spawn(node, [...frugalNode.warden, "--disable-warning=ExperimentalWarning", wardenPath], {
      // Not the work folder: what works in there is taken for a part of the sandbox.
      cwd: "/",
      detached: true,
      // No pipe of ours is held: the input ends with the settings, the rest goes to the file.
      stdio: ["pipe", logFile.fd, logFile.fd],
      env: { PATH: path, ...compileCacheEnvironment(), ...trusted, [wardenVariable]: id },
    });
    try {
      await once(child, "spawn");
    } catch (cause) {
      throw new Fault("SANDBOX_START_FAILED", { message: "The warden could not be started.", cause });
    }
    child.on("error", (error) => log.warn({ err: error, sandbox: id }, "warden process error"));
    // A warden that died already closes its input; that it does not listen is noticed by the caller.
    child.stdin?.on("error", () => {});
    child.unref();
    const pid = child.pid ?? 0;
    const startTime = readProcess(pid)?.startTime;
    if (startTime === undefined) throw new Fault("SANDBOX_START_FAILED", { message: "The warden ended at once." });
    return { pid, startTime, begin: (settings: object) => void child.stdin?.end(JSON.stringify(settings)) };
  }

  #settingsOf({ name, workFolder, claim }: Birth, sockets: SocketPaths): object {
    const { node, agentPath, path = sandboxPath, chromium, headless, isolation, log } = this.#options;
    const { limits = usualLimits, startTimeoutMs = 60_000, mostWaitMs = 1_800_000, adoptionGraceMs: graceMs } = this.#options;
    const secrets = deriveChannelSecrets(this.#options.secretOf(name));
    return {
      sandboxId: this.#idOf(name),
      claim,
      mostWaitMs,
      workFolder,
      wardenSocket: sockets.warden,
      wardenSecret: secrets.warden,
      agentSocket: sockets.agent,
      agentSecret: secrets.agent,
      egressSocket: sockets.egress,
      node,
      agentPath,
      path,
      chromium,
      headless,
      isolation,
      controlGroup: this.#groupOf(name),
      limits,
      startTimeoutMs,
      graceMs,
      logLevel: log.level,
    };
  }

  async #untilListening(sandbox: SandboxProcess, socket: string, signal: AbortSignal | undefined): Promise<void> {
    const until = performance.now() + listenMs;
    while (!(await isListening(socket))) {
      if (!this.isAlive(sandbox)) throw new Fault("SANDBOX_START_FAILED", { message: "The warden ended before it listened." });
      if (performance.now() > until) throw new Fault("SANDBOX_START_FAILED", { message: "The warden did not listen in time." });
      await delay(10, { signal });
    }
  }

  #idOf(name: SandboxName): string {
    return formatSandboxId({ mark: this.#options.volumeMark, ...name });
  }

  #socketsOf(name: SandboxName): SocketPaths {
    return socketPaths(this.#options.socketFolder ?? tmpdir(), { mark: this.#options.volumeMark, ...name });
  }
}

async function isListening(socket: string): Promise<boolean> {
  const probe = connect(socket);
  try {
    await once(probe, "connect");
    return true;
  } catch {
    return false;
  } finally {
    probe.destroy();
  }
}
