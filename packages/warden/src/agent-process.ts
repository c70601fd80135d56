import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { placesOf } from "@clew/outbox/work-folder";
import type { ControlGroup } from "@clew/process/control-group";
import { agentCommand } from "./agent-command.ts";
import { writeAgentLog } from "./agent-log.ts";
import type { WardenSettings } from "./config.ts";
import { readyLine } from "./ready-line.ts";

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
  /** Resolves when all it logged is in its file, and nobody is left who could log more. Never rejects. */
  readonly logged: Promise<void>;
  /** Asks it to close its browser and exit, which it does within 2 s if it can. */
  close(): void;
}

/**
 * Starts the agent with nothing of this process's environment.
 *
 * It enters its control group where it has one. Its log is written to `agent.log` for it; its input stays open for as long as this process lives, which is how it learns of our death.
 *
 * @throws Fault SANDBOX_START_FAILED when it cannot be spawned. What is spawned in a control group, and cannot become the agent there, has ended instead.
 */
export async function startAgentProcess(settings: WardenSettings, group?: ControlGroup): Promise<AgentProcess> {
  const { command, environment, folder } = await agentCommand(settings, group);
  const [program, ...args] = command;
  const child = spawn(program, args, { cwd: folder, detached: true, stdio: "pipe", env: environment });
  const { stdin, stdout, stderr } = child;
  const exited = new Promise<AgentExit>((resolve) => {
    child.once("exit", (code, signal) =>
      resolve(settings.isolation.kind === "process" ? toExit(code, signal) : enclosedExit(code, signal)),
    );
  });
  const logged = writeAgentLog(stderr, join(settings.workFolder, "agent.log"));
  await spawned(child);
  stdin.on("error", () => {}).write(`${JSON.stringify(agentSettings(settings))}\n`);
  return { pid: child.pid ?? 0, ready: readyLine(stdout), exited, logged, close: () => stdin.end() };
}

function toExit(code: number | null, signal: string | null): AgentExit {
  return { ...(code === null ? {} : { exitCode: code }), signal: signal ?? "" };
}

/** Bubblewrap says the signal that ended what it enclosed as shells do. */
function enclosedExit(code: number | null, signal: string | null): AgentExit {
  const [name] = Object.entries(constants.signals).find(([, number]) => code === 128 + number) ?? [];
  return name === undefined ? toExit(code, signal) : { signal: name };
}

function agentSettings(settings: WardenSettings) {
  return {
    workFolder: placesOf(settings.workFolder).agent,
    sandboxId: settings.sandboxId,
    socketPath: settings.agentSocket,
    secret: settings.agentSecret,
    egressSocket: settings.egressSocket,
    isWaiting: settings.claim === undefined,
    chromiumPath: settings.chromium.executablePath,
    chromiumSandbox: settings.chromium.sandbox,
    headless: settings.headless,
    // Chromium binds a socket of its own there, and such a path may not be long.
    tempFolder: settings.isolation.kind === "process" ? dirname(settings.agentSocket) : "/tmp",
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
