import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { GroupFolders } from "@clew/process/control-group";
import { z } from "zod";
import { writeDurably } from "../volume/volume.ts";

/** Folders of a control group, as records name them. */
export const groupFolders = z.strictObject({ version: z.literal([1, 2]), folders: z.array(z.string().startsWith("/")).min(1).readonly() });

/** So many of those that were lent before are remembered. */
const mostNoted = 8;

/**
 * Notes on the volume which control group is lent, if one is, and answers it with those that were before, the latest first: what their orchestrators left may
 * still be there.
 */
export async function noteLentGroup(volume: string, lent: GroupFolders | undefined): Promise<readonly GroupFolders[]> {
  const file = join(volume, "control-groups.json");
  const before = await readNoted(file);
  const others = before.filter((one) => one.folders.join() !== lent?.folders.join());
  const all = [...(lent === undefined ? [] : [lent]), ...others].slice(0, mostNoted);
  if (lent !== undefined && before[0]?.folders.join() !== lent.folders.join()) await writeDurably(file, JSON.stringify(all));
  return all;
}

/** What cannot be read says nothing of any. */
async function readNoted(file: string): Promise<readonly GroupFolders[]> {
  try {
    return z.array(groupFolders).parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return [];
  }
}
