import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createLogger } from "@clew/process/logger";
import { findProcesses, type ProcessEntry } from "@clew/process/process-tree";
import { createLocalProvider } from "./local-provider.ts";
import { connectSandbox } from "./sandbox-connection.ts";
import { formatSandboxId } from "./sandbox-id.ts";
import type { LocalProviderOptions } from "./sandbox-launcher.ts";
import { sandboxPrograms } from "./sandbox-programs.ts";
import type { SandboxHandle, SandboxPlan, SandboxProvider } from "./sandbox-provider.ts";

/** The secret of every sandbox in a room. */
export const secret = "a secret of at least sixteen characters";

/** The mark of every room's volume. */
export const mark = "00c0ffee";

/** A started sandbox. Dispose it: whatever the test did to it, nothing of it is left. */
export interface StartedSandbox extends AsyncDisposable {
  readonly provider: SandboxProvider;
  readonly runFolder: string;
  readonly handle: SandboxHandle;
  readonly connection: ReturnType<typeof connectSandbox>;
}

/** A volume and a folder for sockets, for sandboxes alone. Dispose it: it demands that no socket is left. */
export class SandboxRoom implements AsyncDisposable {
  readonly volume: string;
  readonly sockets: string;
  readonly #chromiumPath: string;

  private constructor(volume: string, sockets: string, chromiumPath: string) {
    this.volume = volume;
    this.sockets = sockets;
    this.#chromiumPath = chromiumPath;
  }

  static async open(chromiumPath = process.env["CLEW_CHROMIUM"] ?? "chromium"): Promise<SandboxRoom> {
    const make = (name: string) => mkdtemp(join(tmpdir(), name));
    return new SandboxRoom(await make("clew-sandboxes-"), await make("clew-sockets-"), chromiumPath);
  }

  /** Sandboxes as processes, unless asked otherwise. */
  provide(options: Partial<LocalProviderOptions> = {}): SandboxProvider {
    return createLocalProvider(this.options(options));
  }

  /** What sandboxes of this room are started with: as processes, unless asked otherwise. */
  options(options: Partial<LocalProviderOptions> = {}): LocalProviderOptions {
    const programs = sandboxPrograms({ chromiumPath: this.#chromiumPath });
    return {
      ...programs,
      volumeMark: mark,
      secretOf: () => secret,
      isolation: { kind: "process" },
      chromium: { executablePath: programs.chromiumPath, sandbox: process.getuid?.() !== 0 },
      headless: true,
      socketFolder: this.sockets,
      adoptionGraceMs: 60_000,
      log: createLogger({ name: "test", level: "silent" }),
      ...options,
    };
  }

  /** Sandboxes that bubblewrap encloses. */
  provideIsolated(options: Partial<LocalProviderOptions> = {}): SandboxProvider {
    return this.provide({ ...this.isolated(), ...options });
  }

  /** What has bubblewrap enclose them. */
  isolated(): Pick<LocalProviderOptions, "isolation" | "chromium"> {
    const { readable, chromiumPath: executablePath } = sandboxPrograms({ chromiumPath: this.#chromiumPath });
    return { isolation: { kind: "bubblewrap", readable }, chromium: { executablePath, sandbox: true } };
  }

  /** Starts a sandbox for a new run. */
  async start(
    provider: SandboxProvider = this.provide(),
    deadlineMs = 60_000,
    inputs: NonNullable<SandboxPlan["inputs"]> = [],
  ): Promise<StartedSandbox> {
    const runId = `run-${crypto.randomUUID().replaceAll("-", "")}`;
    const runFolder = join(this.volume, "runs", runId);
    await mkdir(runFolder, { recursive: true });
    const handle = await provider.start({ runId, attempt: 1, runFolder, deadlineMs, inputs }, {});
    const connection = connectSandbox(handle, secret);
    return {
      provider,
      runFolder,
      handle,
      connection,
      async [Symbol.asyncDispose]() {
        await connection[Symbol.asyncDispose]();
        await provider.kill(handle);
        await provider.remove(handle);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = await readdir(this.sockets);
    await Promise.all([this.volume, this.sockets].map((folder) => rm(folder, { recursive: true })));
    if (left.length > 0) throw new Error(`sockets are left: ${left.join(", ")}`);
  }
}

/** Finds the living processes of a sandbox; its warden is none of them. */
export function processesOf({ runId, attempt, warm, workFolder }: SandboxHandle): ProcessEntry[] {
  const name = warm === undefined ? { runId, attempt } : { warm: warm.name };
  return findProcesses({ id: formatSandboxId({ mark, ...name }), folder: workFolder });
}

/** The folder of a sandbox's sockets. */
export function socketFolder(handle: SandboxHandle): string {
  return dirname(handle.wardenAddress.slice("unix:".length));
}

/** Waits until something holds. @throws Error when it does not in time. */
export async function until(holds: () => boolean, ms = 15_000): Promise<void> {
  for (const end = performance.now() + ms; !holds(); await wait(20)) {
    if (performance.now() > end) throw new Error(`not so after ${ms} ms: ${holds}`);
  }
}
