import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One line that a service wrote. */
export type LineSink = (service: string, line: string) => void;

/** What to start. */
export interface ServiceStart {
  /** Its name in messages. */
  readonly name: string;
  /** The file Node runs. */
  readonly main: string;
  /** The whole environment of the process. */
  readonly env: NodeJS.ProcessEnv;
  readonly onLine?: LineSink | undefined;
  /** Milliseconds until it must listen; 60,000 unless given: an orchestrator waits 30 s for the volume of one that hands over. */
  readonly startTimeoutMs?: number;
  /** Gives the start up: the process is killed. */
  readonly signal?: AbortSignal | undefined;
}

/** A service that could not be started; its message holds the last lines it wrote. */
export class ServiceStartError extends Error {
  override readonly name = "ServiceStartError";
}

const keptLines = 12;

/** A service in a process of its own, in a process group of its own: a terminal's Ctrl-C reaches only who started it. It ends itself when that is gone. Dispose stops it with SIGTERM. */
export class ServiceProcess implements AsyncDisposable {
  readonly name: string;
  /** Where it listens, as it said itself: `host:port`. */
  readonly address: string;
  /** Resolves once the process is gone, however it ended. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;

  private constructor(name: string, address: string, child: ChildProcess, exited: Promise<Exit>) {
    this.name = name;
    this.address = address;
    this.#child = child;
    this.exited = exited;
  }

  /**
   * Starts a service and waits until its log says that it listens, with an `address` or a `url`.
   *
   * @throws ServiceStartError when it ends or says nothing in time; the process is gone then.
   */
  static async start({ name, main, env, onLine, startTimeoutMs = 60_000, signal }: ServiceStart): Promise<ServiceProcess> {
    // By the channel the service knows that who started it is gone, however that ended.
    const child = spawn(process.execPath, [main], { env, detached: true, stdio: ["ignore", "pipe", "pipe", "ipc"] });
    const exited: Promise<Exit> = once(child, "exit").then(([code, signal]) => ({ code, signal }));
    const last: string[] = [];
    const listening = Promise.withResolvers<string>();
    const take = (line: string) => {
      last.push(line);
      if (last.length > keptLines) last.shift();
      onLine?.(name, line);
      const address = listeningAddress(line);
      if (address !== undefined) listening.resolve(address);
    };
    readLines(child.stdout, take);
    readLines(child.stderr, take);
    const giveUp = () => listening.resolve("");
    const timer = setTimeout(giveUp, startTimeoutMs);
    signal?.addEventListener("abort", giveUp);
    if (signal?.aborted) giveUp();
    try {
      // "close" and not "exit": by then every line it wrote has been read.
      const closed = once(child, "close").then(() => "");
      const address = await Promise.race([listening.promise, closed]);
      if (address !== "") return new ServiceProcess(name, address, child, exited);
      if (signal?.aborted) throw new ServiceStartError(`The start of the ${name} was given up.`);
      const why =
        child.exitCode === null && child.signalCode === null ? `did not listen within ${startTimeoutMs / 1000} s` : "ended at its start";
      throw new ServiceStartError(
        `The ${name} ${why}. Its last lines:\n${last.map((line) => `  ${readable(line)}`).join("\n") || "  (none)"}`,
      );
    } catch (error) {
      killGroup(child, "SIGKILL");
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Whether the process is still there. */
  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Asks it to end, and kills it after `timeoutMs`, or at once when `signal` is SIGKILL; resolves when it is gone. */
  async stop(signal: "SIGTERM" | "SIGINT" | "SIGKILL" = "SIGTERM", timeoutMs = 20_000): Promise<Exit> {
    if (!this.alive) return this.exited;
    if (signal === "SIGKILL") this.kill();
    else this.#child.kill(signal);
    const timer = setTimeout(() => this.kill(), timeoutMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Kills it, and what else is in its process group, at once. */
  kill(): void {
    killGroup(this.#child, "SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function readLines(stream: Readable | null, take: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", take);
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

/** A line of a service's log, taken apart; undefined where it is none. */
export function parseLogLine(
  line: string,
): { readonly level: number; readonly msg: string; readonly fields: Readonly<Record<string, unknown>> } | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const { level, msg, ...fields } = JSON.parse(line);
    return typeof level === "number" && typeof msg === "string" ? { level, msg, fields } : undefined;
  } catch {
    return undefined;
  }
}

function listeningAddress(line: string): string | undefined {
  const entry = parseLogLine(line);
  if (entry === undefined || !/\blisten(s|ing)$/.test(entry.msg)) return undefined;
  const { address, url } = entry.fields;
  return typeof address === "string" ? address : typeof url === "string" ? new URL(url).host : undefined;
}

/** Says a log line in words: its message, and its error's where it has one. */
export function readable(line: string): string {
  const entry = parseLogLine(line);
  if (entry === undefined) return line;
  const { err } = entry.fields;
  const detail = typeof err === "object" && err !== null && "message" in err ? `: ${String(err.message)}` : "";
  return `${entry.msg}${detail}`;
}
