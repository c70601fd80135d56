import { lchown, readdir } from "node:fs/promises";
import { join } from "node:path";
import { bubblewrapArguments } from "./bubblewrap-arguments.ts";
import type { ResourceLimits } from "./resource-limits.ts";
import { type SandboxUser, sandboxUser } from "./sandbox-user.ts";
import { systemPaths } from "./system-paths.ts";

/** A program that is to run in a sandbox of its own. */
export interface Enclosed {
  /** The sandbox's id. */
  readonly id: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Its whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folders and files it may read, beside the system's programs, libraries and fonts. */
  readonly readable: readonly string[];
  /** Folders of the host that become its own, whoever it is there; the first is where it works. */
  readonly folders: readonly [string, ...string[]];
  readonly limits: ResourceLimits;
}

/** Bytes a sandbox's own temporary folder, and its shared memory, may each hold. */
const tempBytes = 512 * 1024 * 1024;

/** Gives a program the folders that are to be its own, and answers the command that starts it enclosed: bubblewrap, with all it is told. */
export async function enclose({ id, command, environment, readable, folders, limits }: Enclosed): Promise<readonly [string, ...string[]]> {
  const user = sandboxUser({ uid: process.getuid?.() ?? 0, pid: process.pid, id });
  if (user !== undefined) for (const folder of folders) await give(folder, user);
  const system = await systemPaths();
  const plan = { system, readable, writable: folders, environment, workingFolder: folders[0], tempBytes, command, limits, user };
  return ["bwrap", ...bubblewrapArguments(plan)];
}

/** Nothing works in the folder yet, so that nobody puts a link in the place of what was just looked at. */
async function give(folder: string, { uid, gid }: SandboxUser): Promise<void> {
  const entries = await readdir(folder, { recursive: true });
  for (const path of [folder, ...entries.map((entry) => join(folder, entry))]) await lchown(path, uid, gid);
}
