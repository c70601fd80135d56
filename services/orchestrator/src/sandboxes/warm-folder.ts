import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "@clew/fault/volume-fault";
import { removeFolder } from "@clew/process/remove-folder";
import type { Volume } from "../volume/volume.ts";

/** Names the folder in which sandboxes that were started for nobody have theirs, whoever has them by now. */
export function warmFolder({ folder }: Pick<Volume, "folder">): string {
  return join(folder, "warm");
}

/** Removes the folders of warm sandboxes that nobody expects; `onLeft` hears what could not be removed. */
export async function clearWarmFolders(
  volume: Pick<Volume, "folder">,
  isExpected: (name: string) => Promise<boolean>,
  onLeft: (name: string, error: unknown) => void,
): Promise<void> {
  const folder = warmFolder(volume);
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  });
  for (const name of names) {
    if (!(await isExpected(name))) await removeFolder(join(folder, name)).catch((error: unknown) => onLeft(name, error));
  }
}
