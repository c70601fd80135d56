import { randomUUID } from "node:crypto";
import { chmod, lstat, readdir, rename, rm } from "node:fs/promises";

/**
 * Removes a folder with all in it, also where whoever worked there took away the right to look into folders of it, or nested them deeper than a path may be long;
 * one that is not there is removed already. Nobody may work in it any more.
 */
export async function removeFolder(folder: string): Promise<void> {
  const stats = await lstat(folder).catch(() => undefined);
  // Not only once a removal failed: it fails while others of its own still go on.
  if (stats?.isDirectory()) await flatten(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Unlocks every folder below and moves it up, so that none lies deeper than another. Links are no folders, and followed nowhere. */
async function flatten(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  const names = await foldersIn(folder);
  const moved = randomUUID();
  for (const name of names) {
    const path = join(folder, name);
    await chmod(path, 0o700);
    for (const inner of await foldersIn(path)) {
      const place = Buffer.from(`${moved}-${names.length}`);
      // What is moved is written to, since it names the folder it lies in.
      await chmod(join(path, inner), 0o700);
      await rename(join(path, inner), join(folder, place));
      names.push(place);
    }
  }
}

/** Names are bytes: they need not be text. */
async function foldersIn(folder: string | Buffer): Promise<Buffer[]> {
  const entries = await readdir(folder, { withFileTypes: true, encoding: "buffer" });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

function join(folder: string | Buffer, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(folder), Buffer.from("/"), name]);
}
