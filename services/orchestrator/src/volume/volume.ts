import { createHmac, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hasCode } from "@clew/fault/volume-fault";
import { SettingsError } from "@clew/process/settings";
import { z } from "zod";
import { nodeDisk, onVolume } from "../journal/disk.ts";
import { isRunId, type RunId } from "../runs/run-id.ts";

const format = 1;
const formatFile = z.object({ format: z.int().min(1) });

/** The persisted volume: where everything is, and the key that only its holder has. */
export interface Volume {
  readonly folder: string;
  /** The folder of one run. */
  runFolder(runId: RunId): string;
  /** The ids of all runs that have a folder. */
  listRuns(): Promise<RunId[]>;
  /** HMAC-SHA-256 under the volume's key, in hex. Each purpose is a domain of its own. */
  sign(purpose: "request" | "sandbox" | "ticket" | "input", ...parts: readonly (string | Uint8Array)[]): string;
}

/**
 * Looks whether this program knows a volume's format; touches nothing, and takes what has none for a new volume.
 *
 * @throws SettingsError when it is newer, or cannot be understood.
 */
export async function checkFormat(folder: string): Promise<"known" | "none"> {
  const text = await readFile(join(folder, "format.json"), "utf8").catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  });
  if (text === undefined) return "none";
  const found = formatFile.safeParse(parseJson(text));
  if (!found.success)
    throw new SettingsError(
      "CLEW_VOLUME: the volume's format.json cannot be understood; restore it from a backup, or set another CLEW_VOLUME",
    );
  if (found.data.format > format)
    throw new SettingsError(
      `CLEW_VOLUME: the volume has format ${found.data.format}, and this program knows ${format}; use a newer Clew, or set another CLEW_VOLUME`,
    );
  return "known";
}

/** Opens a volume, making what is not there. @throws SettingsError when its format is newer than this program. */
export async function openVolume(folder: string): Promise<Volume> {
  if ((await checkFormat(folder)) === "none") {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeDurably(join(folder, "format.json"), JSON.stringify({ format }));
  }
  await mkdir(join(folder, "runs"), { recursive: true, mode: 0o700 });
  const key = await readOrMakeKey(folder);
  // Also what an opening before this one made and was cut short in: it is found, and may still be lost with the power.
  await nodeDisk.syncFolder(folder);
  return {
    folder,
    runFolder: (runId) => join(folder, "runs", runId),
    async listRuns() {
      return (await readdir(join(folder, "runs"))).filter(isRunId);
    },
    sign(purpose, ...parts) {
      const hmac = createHmac("sha256", key).update(purpose);
      for (const part of parts) hmac.update("\0").update(part);
      return hmac.digest("hex");
    },
  };
}

async function readOrMakeKey(folder: string): Promise<Buffer> {
  const file = join(folder, "volume.key");
  try {
    return await readFile(file);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  const key = randomBytes(32);
  await writeDurably(file, key);
  return key;
}

/** Writes a whole file so that after a crash either all of it is there or none. @throws Fault VOLUME_FULL or VOLUME_FAILED. */
export function writeDurably(file: string, content: string | Uint8Array): Promise<void> {
  return onVolume(replaceDurably(file, content));
}

async function replaceDurably(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await writeFile(temporary, content, { mode: 0o600, flush: true });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await nodeDisk.syncFolder(dirname(file));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
