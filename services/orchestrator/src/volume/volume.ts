import { createHmac, randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SettingsError } from "@clew/process/settings";
import { isRunId, type RunId } from "../runs/run-id.ts";

const format = 1;

/** The persisted volume: where everything is, and the key that only its holder has. */
export interface Volume {
  readonly folder: string;
  /** The folder of one run. */
  runFolder(runId: RunId): string;
  /** The ids of all runs that have a folder. */
  listRuns(): Promise<RunId[]>;
  /** HMAC-SHA-256 under the volume's key, in hex. Each purpose is a domain of its own. */
  sign(purpose: "request" | "sandbox" | "ticket", ...parts: readonly (string | Uint8Array)[]): string;
}

/** Opens a volume, making what is not there. @throws SettingsError when its format is newer than this program. */
export async function openVolume(folder: string): Promise<Volume> {
  await mkdir(join(folder, "runs"), { recursive: true, mode: 0o700 });
  await checkFormat(join(folder, "format.json"));
  const key = await readOrMakeKey(folder);
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

async function checkFormat(file: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (!isMissing(error)) throw error;
    await writeDurably(file, JSON.stringify({ format }));
    return;
  }
  const found: unknown = JSON.parse(text);
  const version = typeof found === "object" && found !== null && "format" in found ? Number(found.format) : Number.NaN;
  if (!(version <= format))
    throw new SettingsError(`CLEW_VOLUME: the volume has format ${version}, and this program knows ${format}; use a newer Clew`);
}

async function readOrMakeKey(folder: string): Promise<Buffer> {
  const file = join(folder, "volume.key");
  try {
    return await readFile(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const key = randomBytes(32);
  await writeDurably(file, key);
  return key;
}

/** Writes a whole file so that after a crash either all of it is there or none. */
export async function writeDurably(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await writeFile(temporary, content, { mode: 0o600, flush: true });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  const folder = await open(join(file, ".."), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
