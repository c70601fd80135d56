import { chmod, chown, constants, copyFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { InputPath } from "../files/input-files.ts";

/**
 * Copies files into the folder of a sandbox in which nothing works yet, to be read only by whoever has that folder: they are copied, for what works in a sandbox
 * may write whatever is its own.
 */
export async function copyInputs(folder: string, inputs: readonly InputPath[]): Promise<void> {
  if (inputs.length === 0) return;
  const { uid, gid } = await stat(folder);
  for (const { name, path } of inputs) {
    const copy = join(folder, name);
    await copyFile(path, copy, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    await chmod(copy, 0o400);
    await chown(copy, uid, gid);
  }
}
