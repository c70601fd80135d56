import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { Fault } from "@clew/fault/fault";
import { placesOf } from "@clew/outbox/work-folder";
import { compileCacheEnvironment } from "@clew/process/compile-cache";
import { sandboxVariable } from "@clew/process/process-tree";
import type { WardenSettings } from "./config.ts";

/** How the agent's process ended. */
export interface AgentExit {
  /** Absent when a signal ended it. */
  readonly exitCode?: number;
  /** Empty when none ended it. */
  readonly signal: string;
}

/** The agent's process. Its group is its own, led by it. */
export interface AgentProcess {
  readonly pid: number;
  /** Resolves with the browser's name and version once the agent serves. Never rejects. */
  readonly ready: Promise<string>;
  /** Resolves when the process is gone and reaped. Never rejects. */
  readonly exited: Promise<AgentExit>;
  /** Asks it to close its browser and exit, which it does within 2 s if it can. */
  close(): void;
}

/**
 * Starts the agent with nothing of this process's environment.
 *
 * It logs to `agent.log`; its input stays open for as long as this process lives, which is how it learns of our death.
 *
 * @throws Fault SANDBOX_START_FAILED when it cannot be spawned.
 */
export async function startAgentProcess(settings: WardenSettings): Promise<AgentProcess> {
  const { workFolder } = settings;
  const { agent } = placesOf(workFolder);
  const [home, temp] = [join(agent, "home"), join(agent, "tmp")];
  await Promise.all([home, temp].map((folder) => mkdir(folder, { recursive: true, mode: 0o700 })));
  const log = openSync(join(workFolder, "agent.log"), "a", 0o600);
  const child = spawn(settings.node, [settings.agentPath], {
    cwd: agent,
    detached: true,
    stdio: ["pipe", "pipe", log],
    env: { PATH: settings.path, HOME: home, TMPDIR: temp, ...compileCacheEnvironment(), [sandboxVariable]: settings.sandboxId },
  });
  closeSync(log);
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Fault("SANDBOX_START_FAILED");
  const exited = new Promise<AgentExit>((resolve) => {
    child.once("exit", (code, signal) => resolve({ ...(code === null ? {} : { exitCode: code }), signal: signal ?? "" }));
  });
  await spawned(child);
  stdin.on("error", () => {}).write(`${JSON.stringify(agentSettings(settings))}\n`);
  return { pid: child.pid ?? 0, ready: firstReadyLine(stdout), exited, close: () => stdin.end() };
}

function agentSettings(settings: WardenSettings) {
  return {
    runId: settings.runId,
    attempt: settings.attempt,
    workFolder: placesOf(settings.workFolder).agent,
    sandboxId: settings.sandboxId,
    socketPath: settings.agentSocket,
    secret: settings.agentSecret,
    chromiumPath: settings.chromium.executablePath,
    chromiumSandbox: settings.chromium.sandbox,
    headless: settings.headless,
    isolation: settings.isolation,
    graceMs: settings.graceMs,
    logLevel: settings.logLevel,
  };
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) => reject(new Fault("SANDBOX_START_FAILED", { cause })));
  });
}

function firstReadyLine(output: Readable): Promise<string> {
  return new Promise((resolve) => {
    // The agent is not trusted: what else it says there is read, so that it never waits for us, and thrown away.
    createInterface({ input: output }).on("line", (line) => {
      if (line.startsWith("ready ")) resolve(line.slice("ready ".length, 200));
    });
  });
}
