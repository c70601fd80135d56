import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The process that holds a volume, as far as its holder's file tells and the process lives; undefined otherwise. */
export async function volumeHolder(folder: string): Promise<number | undefined> {
  const pid = Number(await readFile(join(folder, "volume.holder"), "utf8").catch(() => ""));
  return Number.isInteger(pid) && pid > 0 && isAlive(pid) ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
