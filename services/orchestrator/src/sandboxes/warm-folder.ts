import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "@clew/fault/volume-fault";
import { removeFolder } from "@clew/process/remove-folder";
import type { Volume } from "../volume/volume.ts";
import { type FoundLeftovers, removeEach } from "./found-leftovers.ts";

/** Names the folder in which sandboxes that were started for nobody have theirs, whoever has them by now. */
export function warmFolder({ folder }: Pick<Volume, "folder">): string {
  return join(folder, "warm");
}

/** Removes the folders of warm sandboxes that nobody expects, and answers how many there were; `onLeft` hears what could not be removed. */
export async function clearWarmFolders(
  volume: Pick<Volume, "folder">,
  isExpected: (name: string) => Promise<boolean>,
  onLeft: (name: string, error: unknown) => void,
): Promise<FoundLeftovers> {
  const folder = warmFolder(volume);
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  });
  const unexpected: string[] = [];
  for (const name of names) if (!(await isExpected(name))) unexpected.push(name);
  return await removeEach(unexpected, (name) => removeFolder(join(folder, name)), onLeft);
}
