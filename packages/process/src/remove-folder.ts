import { chmod, opendir, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * Removes a folder with all in it, also where whoever worked there took away the right to look into folders of it; one that is not there is removed already.
 * Nobody may work in it any more.
 */
export async function removeFolder(folder: string): Promise<void> {
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  await remove().catch(async () => {
    await unlock(folder);
    await remove();
  });
}

/** Links are no folders, and followed nowhere. */
async function unlock(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for await (const entry of await opendir(folder)) if (entry.isDirectory()) await unlock(join(folder, entry.name));
}
