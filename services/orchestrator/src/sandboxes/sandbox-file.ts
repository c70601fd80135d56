import { randomUUID } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { SandboxHandle } from "./sandbox-provider.ts";

const sandboxHandle = z.strictObject({
  runId: z.string().min(1),
  attempt: z.int().min(1),
  isolation: z.enum(["process", "bubblewrap"]),
  wardenAddress: z.string().startsWith("unix:/"),
  agentAddress: z.string().startsWith("unix:/"),
  workFolder: z.string().startsWith("/"),
  pid: z.int().min(2),
  startTime: z.string().regex(/^\d+$/),
  bootId: z.string().min(1),
});

/** Writes `sandbox.json` in a run's folder: whole, or not at all. */
export async function writeSandboxFile(runFolder: string, handle: SandboxHandle): Promise<void> {
  const temporary = join(runFolder, `sandbox.json.${randomUUID()}`);
  await writeFile(temporary, `${JSON.stringify(handle, null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, fileIn(runFolder));
}

/** Reads it; undefined when there is none. */
export async function readSandboxFile(runFolder: string): Promise<SandboxHandle | undefined> {
  let text: string;
  try {
    text = await readFile(fileIn(runFolder), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  return sandboxHandle.parse(JSON.parse(text));
}

/** Removes it, unless it names another attempt by now. */
export async function removeSandboxFile(runFolder: string, attempt: number): Promise<void> {
  const named = await readSandboxFile(runFolder).catch(() => undefined);
  if (named === undefined || named.attempt === attempt) await rm(fileIn(runFolder), { force: true });
}

function fileIn(runFolder: string): string {
  return join(runFolder, "sandbox.json");
}
