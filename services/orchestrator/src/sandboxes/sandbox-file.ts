import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { hasCode } from "@clew/fault/volume-fault";
import { z } from "zod";
import { type Disk, nodeDisk } from "../journal/disk.ts";
import { groupFolders } from "./lent-groups.ts";
import type { SandboxHandle } from "./sandbox-provider.ts";

/** What `sandbox.json` says. */
export const sandboxHandle = z.strictObject({
  runId: z.string().min(1),
  attempt: z.int().min(1),
  isolation: z.enum(["process", "bubblewrap"]),
  wardenAddress: z.string().startsWith("unix:/"),
  agentAddress: z.string().startsWith("unix:/"),
  workFolder: z.string().startsWith("/"),
  pid: z.int().min(2),
  startTime: z.string().regex(/^\d+$/),
  bootId: z.string().min(1),
  controlGroup: groupFolders.optional(),
  stay: z.int().min(1).optional(),
  logsFrom: z.strictObject({ warden: z.int().min(0), agent: z.int().min(0) }).optional(),
  warm: z.strictObject({ name: z.string().regex(/^[0-9a-f]+$/), runFolder: z.string().startsWith("/") }).optional(),
});

/** Writes `sandbox.json` in a run's folder: whole, or not at all, and durable once this resolves. A run has one writer at a time. */
export async function writeSandboxFile(runFolder: string, handle: SandboxHandle, disk: Disk = nodeDisk): Promise<void> {
  const temporary = join(runFolder, "sandbox.json.new");
  try {
    const file = await disk.open(temporary, "fresh");
    try {
      await file.write(Buffer.from(`${JSON.stringify(handle, null, 2)}\n`), 0);
      await file.datasync();
    } finally {
      await file.close();
    }
    await disk.rename(temporary, fileIn(runFolder));
  } catch (error) {
    await disk.remove(temporary).catch(() => {});
    throw error;
  }
  await disk.syncFolder(runFolder);
}

/**
 * Reads it; undefined only when there is none.
 *
 * @throws Fault INTERNAL when it is there and names no sandbox; the file system's error when it cannot be read.
 */
export async function readSandboxFile(runFolder: string): Promise<SandboxHandle | undefined> {
  let text: string;
  try {
    text = await readFile(fileIn(runFolder), "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  try {
    return sandboxHandle.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault("INTERNAL", { message: "The run's sandbox.json is there and cannot be understood.", cause });
  }
}

/** Removes it, unless it names another attempt by now. */
export async function removeSandboxFile(runFolder: string, attempt: number): Promise<void> {
  const named = await readSandboxFile(runFolder).catch(() => undefined);
  if (named === undefined || named.attempt === attempt) await rm(fileIn(runFolder), { force: true });
}

function fileIn(runFolder: string): string {
  return join(runFolder, "sandbox.json");
}
