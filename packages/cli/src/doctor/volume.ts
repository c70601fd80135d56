import { access, constants, mkdtemp, rm, stat, statfs, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Finding } from "./check.ts";
import { volumeHolder } from "./volume-holder.ts";

/** Looks whether the volume's folder can be written, or made where it is not there yet, and where a service `answers`, whether it is that one's. Leaves nothing behind. */
export async function checkVolume(folder: string, answers: boolean): Promise<Finding> {
  const finding = await checkFolder(folder);
  const holder = await volumeHolder(folder);
  if (holder !== undefined) return { ...finding, message: `${finding.message}; process ${holder} uses it` };
  if (finding.level !== "ok" || !answers) return finding;
  const message = `${finding.message}, but it is not the volume of the service that answers`;
  return { ...finding, level: "note", message, fix: "set CLEW_VOLUME as that service has it, to look at its volume" };
}

async function checkFolder(folder: string): Promise<Finding> {
  const name = "volume";
  const path = resolve(folder);
  const fix = "name a folder you may write in CLEW_VOLUME";
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    const parent = await nearestFolder(dirname(path));
    const writable = await access(parent, constants.W_OK).then(
      () => true,
      () => false,
    );
    return writable
      ? { name, level: "ok", message: `${path} will be made` }
      : { name, level: "bad", message: `${path} cannot be made`, fix };
  }
  if (!found.isDirectory()) return { name, level: "bad", message: `${path} is not a folder`, fix };
  try {
    await tryOut(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EROFS")
      return { name, level: "bad", message: `${path} is read-only`, fix: "mount it writable, or name another folder in CLEW_VOLUME" };
    if (code === "ENOSPC" || code === "EDQUOT") return { name, level: "bad", message: `${path} is full`, fix: freeSome };
    return { name, level: "bad", message: `${path} cannot be written`, fix };
  }
  const { bavail, bsize } = await statfs(path);
  if (bavail * bsize < leastFreeBytes) return { name, level: "bad", message: `${path} is nearly full`, fix: freeSome };
  return { name, level: "ok", message: `${path} can be written` };
}

/** Twice what an orchestrator holds in reserve: with less it begins no run. */
const leastFreeBytes = 32 * 1024 * 1024;
const freeSome = "free some space on it; runs are taken again by themselves";

/** Writes a file in a folder of its own, and removes both. */
async function tryOut(path: string): Promise<void> {
  const folder = await mkdtemp(join(path, ".doctor-"));
  try {
    await writeFile(join(folder, "file"), "written", { flush: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function nearestFolder(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined || dirname(path) === path ? path : await nearestFolder(dirname(path));
}
