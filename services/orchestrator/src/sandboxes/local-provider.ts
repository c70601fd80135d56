import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { createHandOver } from "./hand-over.ts";
import { connectSandbox } from "./sandbox-connection.ts";
import { readSandboxFile, removeSandboxFile, writeSandboxFile } from "./sandbox-file.ts";
import { nameOf } from "./sandbox-id.ts";
import { type LocalProviderOptions, SandboxLauncher } from "./sandbox-launcher.ts";
import type { SandboxHandle, SandboxPlan, SandboxProcess, SandboxProvider } from "./sandbox-provider.ts";
import type { WarmPool } from "./warm-pool.ts";
import { workFolderOf } from "./work-folder-of.ts";

/** Makes a provider whose sandboxes are on this machine, each under its own warden, which encloses it where it is to be isolated. One that waits in the pool is taken first. */
export function createLocalProvider(
  options: LocalProviderOptions,
  launcher = new SandboxLauncher(options),
  pool?: Pick<WarmPool, "claim" | "takeConnection">,
): SandboxProvider {
  return {
    isolation: options.isolation.kind,
    silenceMs: options.silenceMs,
    handOver: options.sharedFolder === undefined ? undefined : createHandOver(options, launcher),
    start: async (plan, { signal }) => (await pool?.claim(plan, signal)) ?? (await startCold(plan, signal)),
    find: readSandboxFile,
    connect: (handle) => pool?.takeConnection(handle) ?? connectSandbox(handle, options.secretOf(nameOf(handle))),
    isAlive: async (handle) => launcher.isAlive(handle),
    kill: (handle) => launcher.kill(nameOf(handle), handle),
    async remove(handle) {
      await pool?.takeConnection(handle)?.[Symbol.asyncDispose]();
      await launcher.remove(nameOf(handle), handle);
      await removeSandboxFile(handle.warm?.runFolder ?? dirname(handle.workFolder), handle.attempt);
    },
    clear: (sandbox) => launcher.clear(sandbox, workFolderOf(sandbox)),
  };

  async function startCold(plan: SandboxPlan, signal: AbortSignal | undefined): Promise<SandboxHandle> {
    const { runId, attempt, runFolder, inputs = [], mayBeKept = false } = plan;
    const { sharedFolder } = options;
    const warm = mayBeKept && sharedFolder !== undefined ? { name: randomBytes(8).toString("hex"), runFolder } : undefined;
    const whose = { runId, attempt, ...(warm && { warm }) };
    const workFolder = warm && sharedFolder !== undefined ? join(sharedFolder, warm.name) : workFolderOf(plan);
    try {
      const record = (started: SandboxProcess) => writeSandboxFile(runFolder, { ...started, ...whose });
      const birth = { name: nameOf(whose), workFolder, inputs, claim: launcher.claimOf(plan), record };
      return { ...(await launcher.launch(birth, signal)), ...whose };
    } catch (error) {
      if (!signal?.aborted) await removeSandboxFile(runFolder, attempt);
      throw error;
    }
  }
}
