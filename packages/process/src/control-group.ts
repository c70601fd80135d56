import { readdirSync, readFileSync } from "node:fs";
import { access, mkdir, readdir, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { killProcess } from "./process-tree.ts";

/** Folders of control groups, one in each of the kernel's hierarchies that bound something. */
export interface GroupFolders {
  /** Of the kernel's interface: 2 has one hierarchy of all controllers, 1 has one of each. */
  readonly version: 1 | 2;
  readonly folders: readonly string[];
}

/** What all processes of a group may take together. */
export interface GroupLimits {
  /** Of whatever kind: mapped or not, files in memory among them. */
  readonly memoryBytes: number;
  /** Processes and their threads. */
  readonly tasks: number;
}

const namePrefix = "clew-";
/** Milliseconds until the processes of a group that is removed must be gone. */
const removeMs = 5_000;

/** What the group of a sandbox is called, by the sandbox's id. */
export function groupOf(sandboxId: string): string {
  return `${namePrefix}${sandboxId}`;
}

/** The sandboxes that have groups in a lent one, by their ids; none where it is there no more. */
export async function groupedSandboxes({ folders }: GroupFolders): Promise<readonly string[]> {
  const names = (await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])))).flat();
  return [...new Set(names.flatMap((name) => (name.startsWith(namePrefix) ? [name.slice(namePrefix.length)] : [])))];
}

/** The folders of a group within one that was lent. */
export function groupIn({ version, folders }: GroupFolders, name: string): GroupFolders {
  return { version, folders: folders.map((folder) => join(folder, name)) };
}

/** The control group of one sandbox. */
export class ControlGroup {
  readonly folders: GroupFolders;

  constructor(folders: GroupFolders) {
    this.folders = folders;
  }

  /** Makes it anew, with its limits. @throws Error where one of them cannot be set. */
  async make({ memoryBytes, tasks }: GroupLimits): Promise<void> {
    await this.remove();
    for (const folder of this.folders.folders) await mkdir(folder, { recursive: true });
    const bytes = String(memoryBytes);
    // The kernel's documents: admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst and cgroup-v1/pids.rst.
    await this.#write("pids.max", String(tasks));
    if (this.folders.version === 1) {
      await this.#write("memory.limit_in_bytes", bytes);
      await this.#writeIfThere("memory.memsw.limit_in_bytes", bytes);
      // What lacks memory stands still, until it is ended as a whole: who was ended alone could not be told from one that crashed.
      await this.#write("memory.oom_control", "1");
    } else {
      await this.#write("memory.max", bytes);
      await this.#writeIfThere("memory.swap.max", "0");
      await this.#write("memory.oom.group", "1");
      await this.#write("cgroup.max.descendants", "0");
    }
  }

  /** Writes the command that enters the group and then becomes another. */
  entering(command: readonly string[]): readonly [string, ...string[]] {
    const enter = 'count=$1; shift; while [ "$count" -gt 0 ]; do echo $$ > "$1" || exit 1; shift; count=$((count - 1)); done; exec "$@"';
    const entries = this.folders.folders.map((folder) => join(folder, "cgroup.procs"));
    return ["/bin/sh", "-c", enter, "sh", String(entries.length), ...entries, ...command];
  }

  /** The processes in it, and in whatever groups they made within it. */
  get pids(): readonly number[] {
    return [...new Set(this.folders.folders.flatMap(withThoseWithin).flatMap(pidsIn))];
  }

  /** Whether it has had need of more memory than it may have. */
  get lacksMemory(): boolean {
    const said = this.folders.folders.map((folder) => readIfThere(join(folder, this.#lack.file)));
    return said.some((text) => this.#lack.said.test(text));
  }

  /** Ends all processes in it, and removes it. Repeatable. @throws Error where that takes more than five seconds. */
  async remove(): Promise<void> {
    const until = performance.now() + removeMs;
    for (const folder of this.folders.folders) {
      for (;;) {
        await writeFile(join(folder, "cgroup.kill"), "1", { flag: "r+" }).catch(() => {});
        for (const pid of withThoseWithin(folder).flatMap(pidsIn)) killProcess(pid);
        const failure = await removeAll(folder);
        if (failure === undefined) break;
        if (performance.now() > until) throw failure;
        await sleep(10);
      }
    }
  }

  get #lack() {
    return this.folders.version === 1
      ? { file: "memory.oom_control", said: /^(?:under_oom 1|oom_kill [1-9]\d*)$/m }
      : { file: "memory.events", said: /^oom [1-9]\d*$/m };
  }

  async #write(file: string, text: string): Promise<void> {
    if (!(await this.#writeIfThere(file, text))) throw new Error(`a group has no ${file}`);
  }

  /** Writes what the kernel has a file for, in whichever hierarchy; answers whether it has: it may count no swap. */
  async #writeIfThere(file: string, text: string): Promise<boolean> {
    for (const folder of this.folders.folders) {
      const path = join(folder, file);
      if (!(await isThere(path))) continue;
      await writeFile(path, text, { flag: "r+" });
      return true;
    }
    return false;
  }
}

/** A group's folder after those of the groups within it: the order in which they can be removed. */
function withThoseWithin(folder: string): readonly string[] {
  try {
    const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...inner.flatMap(({ name }) => withThoseWithin(join(folder, name))), folder];
  } catch {
    return [];
  }
}

/** Answers why a group, or one within it, could not be removed. */
async function removeAll(folder: string): Promise<Error | undefined> {
  try {
    for (const path of withThoseWithin(folder)) await rmdir(path);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** One that is no process of ours to see is said to be 0. */
function pidsIn(folder: string): readonly number[] {
  return readIfThere(join(folder, "cgroup.procs"))
    .split("\n")
    .map(Number)
    .filter((pid) => pid > 0);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
