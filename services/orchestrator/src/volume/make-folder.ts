import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode } from "@clew/fault/volume-fault";

const mode = 0o700;

/** Makes a folder, and those above it, where they are not there. Node's own recursive `mkdir` never ends where the system makes none, as in `/proc`. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode });
  } catch (error) {
    if (hasCode(error, "EEXIST") && (await stat(folder)).isDirectory()) return;
    if (!hasCode(error, "ENOENT") || dirname(folder) === folder) throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder, { mode });
  }
}
