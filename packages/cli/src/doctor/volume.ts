import { access, constants, mkdtemp, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Finding } from "./check.ts";

/** Looks whether the volume's folder can be written, or made where it is not there yet. Leaves nothing behind. */
export async function checkVolume(folder: string): Promise<Finding> {
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
    await rmdir(await mkdtemp(join(path, ".doctor-")));
    return { name, level: "ok", message: `${path} can be written` };
  } catch {
    return { name, level: "bad", message: `${path} cannot be written`, fix };
  }
}

async function nearestFolder(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined || dirname(path) === path ? path : await nearestFolder(dirname(path));
}
