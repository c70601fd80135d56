import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, constants, copyFile, mkdir, open } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ForbiddenAddress } from "@clew/egress/egress-policy";
import { metadataServices } from "@clew/egress/metadata-services";
import { Fault } from "@clew/fault/fault";
import { placesOf } from "@clew/outbox/work-folder";
import { compileCacheEnvironment } from "@clew/process/compile-cache";
import { frugalNode } from "@clew/process/frugal-node";
import type { Logger } from "@clew/process/logger";
import { endProcesses, readBootId, readProcess } from "@clew/process/process-tree";
import { removeFolder } from "@clew/process/remove-folder";
import { delay } from "@clew/streams/delay";
import type { InputPath } from "../files/input-files.ts";
import { deriveChannelSecrets } from "./channel-secrets.ts";
import { killNow } from "./kill-now.ts";
import { wardenVariable } from "./marked-processes.ts";
import { sandboxPath } from "./prove-isolation.ts";
import { connectSandbox } from "./sandbox-connection.ts";
import { readSandboxFile, removeSandboxFile, writeSandboxFile } from "./sandbox-file.ts";
import { formatSandboxId, type SandboxId } from "./sandbox-id.ts";
import type { SandboxHandle, SandboxLimits, SandboxPlan, SandboxProvider } from "./sandbox-provider.ts";
import { makeSocketFolder, type SocketPaths, socketPaths } from "./socket-folder.ts";
import { workFolderOf } from "./work-folder-of.ts";

/** How sandboxes are kept apart: not at all but for being processes of their own, or enclosed by bubblewrap, with the paths they may read. */
export type LocalIsolation = { readonly kind: "process" } | { readonly kind: "bubblewrap"; readonly readable: readonly string[] };

/** What a local provider starts sandboxes with. */
export interface LocalProviderOptions {
  /** Tells this volume's sandboxes from others' on the machine: 8 hex digits. */
  readonly volumeMark: string;
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
  /** The search path that warden and agent are given; the usual system folders unless given. */
  readonly path?: string;
  readonly log: Logger;
}

const usualLimits: SandboxLimits = { memoryBytes: 2 * 2 ** 30, processes: 256, diskBytes: 4 * 2 ** 30 };
/** Milliseconds a warden has to listen. */
const listenMs = 20_000;
/** Milliseconds a released warden has to exit. */
const exitMs = 5_000;

/** Makes a provider whose sandboxes are on this machine, each under its own warden, which encloses it where it is to be isolated. */
export function createLocalProvider(options: LocalProviderOptions): SandboxProvider {
  const { socketFolder = tmpdir(), path = sandboxPath, log } = options;
  const bootId = readBootId();
  const isAlive = (handle: SandboxHandle) => handle.bootId === bootId && readProcess(handle.pid)?.startTime === handle.startTime;

  const idOf = ({ runId, attempt }: Pick<SandboxPlan, "runId" | "attempt">): SandboxId => ({ mark: options.volumeMark, runId, attempt });

  async function start(plan: SandboxPlan, { signal }: { readonly signal?: AbortSignal }): Promise<SandboxHandle> {
    signal?.throwIfAborted();
    const workFolder = workFolderOf(plan);
    const sockets = socketPaths(socketFolder, idOf(plan));
    await using undo = new AsyncDisposableStack();
    await removeFolder(workFolder);
    await mkdir(workFolder, { recursive: true, mode: 0o700 });
    undo.defer(() => removeFolder(workFolder));
    await copyInputs(placesOf(workFolder).inputs, plan.inputs ?? []);
    await makeSocketFolder(sockets);
    undo.defer(() => removeFolder(sockets.folder));
    const warden = await spawnWarden(plan, workFolder);
    const handle: SandboxHandle = {
      runId: plan.runId,
      attempt: plan.attempt,
      isolation: options.isolation.kind,
      wardenAddress: `unix:${sockets.warden}`,
      agentAddress: `unix:${sockets.agent}`,
      workFolder,
      pid: warden.pid,
      startTime: warden.startTime,
      bootId,
    };
    undo.defer(async () => {
      await kill(handle);
      await remove(handle);
    });
    await writeSandboxFile(plan.runFolder, handle);
    // Only now: a warden whose orchestrator died before it was on record gets no settings, and ends.
    warden.begin(settingsOf(plan, workFolder, sockets));
    await untilListening(handle, sockets.warden, signal).catch((error: unknown) => {
      // It is on record and goes on: the next orchestrator adopts it.
      if (signal?.aborted) undo.move();
      throw error;
    });
    undo.move();
    return handle;
  }

  /** Starts a warden that waits for its settings. */
  async function spawnWarden(plan: SandboxPlan, workFolder: string) {
    await using logFile = await open(join(workFolder, "warden.log"), "a", 0o600);
    const child = spawn(options.node, [...frugalNode, options.wardenPath], {
      // Not the work folder: what works in there is taken for a part of the sandbox.
      cwd: "/",
      detached: true,
      // No pipe of ours is held: the input ends with the settings, the rest goes to the file.
      stdio: ["pipe", logFile.fd, logFile.fd],
      env: { PATH: path, ...compileCacheEnvironment(), [wardenVariable]: formatSandboxId(idOf(plan)) },
    });
    try {
      await once(child, "spawn");
    } catch (cause) {
      throw new Fault("SANDBOX_START_FAILED", { message: "The warden could not be started.", cause });
    }
    child.on("error", (error) => log.warn({ err: error, run: plan.runId }, "warden process error"));
    // A warden that died already closes its input; that it does not listen is noticed by the caller.
    child.stdin?.on("error", () => {});
    child.unref();
    const pid = child.pid ?? 0;
    const startTime = readProcess(pid)?.startTime;
    if (startTime === undefined) throw new Fault("SANDBOX_START_FAILED", { message: "The warden ended at once." });
    return { pid, startTime, begin: (settings: object) => void child.stdin?.end(JSON.stringify(settings)) };
  }

  function settingsOf(plan: SandboxPlan, workFolder: string, sockets: SocketPaths): object {
    const secrets = deriveChannelSecrets(plan.secret);
    return {
      runId: plan.runId,
      attempt: plan.attempt,
      sandboxId: formatSandboxId(idOf(plan)),
      workFolder,
      wardenSocket: sockets.warden,
      wardenSecret: secrets.warden,
      agentSocket: sockets.agent,
      agentSecret: secrets.agent,
      egressSocket: sockets.egress,
      models: plan.models,
      ...(plan.egress && { egress: { ...plan.egress, forbidden: options.forbidden?.() ?? metadataServices } }),
      node: options.node,
      agentPath: options.agentPath,
      path,
      chromium: options.chromium,
      headless: options.headless,
      isolation: options.isolation,
      limits: options.limits ?? usualLimits,
      startTimeoutMs: options.startTimeoutMs ?? 60_000,
      deadlineMs: plan.deadlineMs,
      graceMs: options.adoptionGraceMs,
      logLevel: log.level,
    };
  }

  async function untilListening(handle: SandboxHandle, socket: string, signal: AbortSignal | undefined): Promise<void> {
    const until = performance.now() + listenMs;
    while (!(await isListening(socket))) {
      if (!isAlive(handle)) throw new Fault("SANDBOX_START_FAILED", { message: "The warden ended before it listened." });
      if (performance.now() > until) throw new Fault("SANDBOX_START_FAILED", { message: "The warden did not listen in time." });
      await delay(10, { signal });
    }
  }

  async function kill(handle: SandboxHandle): Promise<void> {
    if (isAlive(handle)) killNow(handle.pid);
    if (handle.bootId === bootId) await endProcesses({ id: formatSandboxId(idOf(handle)), folder: handle.workFolder });
    await removeFolder(dirname(handle.wardenAddress.slice("unix:".length)));
  }

  async function remove(handle: SandboxHandle): Promise<void> {
    const until = performance.now() + exitMs;
    while (isAlive(handle) && performance.now() < until) await delay(10);
    await kill(handle);
    await removeFolder(handle.workFolder);
    await removeSandboxFile(dirname(handle.workFolder), handle.attempt);
  }

  async function clear(sandbox: Pick<SandboxPlan, "runId" | "attempt" | "runFolder">): Promise<void> {
    const workFolder = workFolderOf(sandbox);
    await endProcesses({ id: formatSandboxId(idOf(sandbox)), folder: workFolder });
    await removeFolder(socketPaths(socketFolder, idOf(sandbox)).folder);
    await removeFolder(workFolder);
  }

  const find = readSandboxFile;
  return {
    isolation: options.isolation.kind,
    silenceMs: options.silenceMs,
    start,
    find,
    connect: connectSandbox,
    isAlive: async (handle) => isAlive(handle),
    kill,
    remove,
    clear,
  };
}

/** Copies, for what works in a sandbox may write whatever is its own. */
async function copyInputs(folder: string, inputs: readonly InputPath[]): Promise<void> {
  if (inputs.length > 0) await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const { name, path } of inputs) {
    await copyFile(path, join(folder, name), constants.COPYFILE_FICLONE);
    await chmod(join(folder, name), 0o400);
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
