import { readFileSync } from "node:fs";
import { access, mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Where a Clew makes control groups for its sandboxes: the folders of the group it was lent, one in each of the kernel's hierarchies that bound them. */
export interface LentGroup {
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

/** The kernel's files: Documentation/admin-guide/cgroup-v2.rst, and cgroup-v1/memory.rst and pids.rst. */
const files = {
  1: { memory: "memory.limit_in_bytes", swap: "memory.memsw.limit_in_bytes", tasks: "pids.max", kills: "memory.oom_control" },
  2: { memory: "memory.max", swap: "memory.swap.max", tasks: "pids.max", kills: "memory.events" },
} as const;

/** Nobody is bounded without them; a share of the processor is had where there is one. */
const wanted = ["memory", "pids"] as const;
const welcome = "cpu";

const namePrefix = "clew-";
/** Milliseconds until the processes of a group that is removed must be gone. */
const removeMs = 5_000;

/**
 * Finds the group at a path such as `/system.slice/clew.service`, makes it where it is not there, and has it bound what is within it.
 *
 * @throws Error saying why that cannot be done.
 */
export async function openLentGroup(path: string): Promise<LentGroup> {
  const mounts = readMounts();
  const single = (name: string) => mounts.find(({ type, controllers }) => type === "cgroup" && controllers.includes(name))?.folder;
  const singles = [...wanted, welcome].flatMap((name) => single(name) ?? []);
  if (wanted.every((name) => single(name) !== undefined)) {
    const folders = singles.map((folder) => join(folder, path));
    for (const folder of folders) await mkdir(folder, { recursive: true });
    return { version: 1, folders };
  }
  const unified = mounts.find(({ type }) => type === "cgroup2")?.folder;
  if (unified === undefined) throw new Error("no control groups are mounted");
  const folder = join(unified, path);
  await mkdir(folder, { recursive: true });
  await enable(folder);
  return { version: 2, folders: [folder] };
}

/** The control group of one sandbox. */
export class ControlGroup {
  readonly #version: 1 | 2;
  readonly #folders: readonly string[];

  constructor({ version, folders }: LentGroup, name: string) {
    this.#version = version;
    this.#folders = folders.map((folder) => join(folder, name));
  }

  /** Makes it, with its limits. @throws Error where one of them cannot be set. */
  async make({ memoryBytes, tasks }: GroupLimits): Promise<void> {
    for (const folder of this.#folders) await mkdir(folder, { recursive: true });
    const names = files[this.#version];
    await this.#write(names.memory, String(memoryBytes));
    await this.#write(names.tasks, String(tasks));
    // Where the kernel counts swap: none beyond the memory.
    await this.#write(names.swap, this.#version === 1 ? String(memoryBytes) : "0").catch(() => {});
  }

  /** Writes the command that enters the group and then becomes another. */
  entering(command: readonly string[]): readonly [string, ...string[]] {
    const enter = 'count=$1; shift; while [ "$count" -gt 0 ]; do echo $$ > "$1" || exit 1; shift; count=$((count - 1)); done; exec "$@"';
    const entries = this.#folders.map((folder) => join(folder, "cgroup.procs"));
    return ["/bin/sh", "-c", enter, "sh", String(entries.length), ...entries, ...command];
  }

  /** The processes in it. */
  get pids(): readonly number[] {
    return [...new Set(this.#folders.flatMap(pidsIn))];
  }

  /** Whether the kernel ended a process of it for want of memory. */
  get lackedMemory(): boolean {
    const found = this.#folders.map((folder) => /^oom_kill (\d+)$/m.exec(readIfThere(join(folder, files[this.#version].kills)))?.[1]);
    return found.some((count) => Number(count ?? 0) > 0);
  }

  /** Ends all processes in it, and removes it. Repeatable. @throws Error where some are still there after five seconds. */
  async remove(): Promise<void> {
    const until = performance.now() + removeMs;
    for (const folder of this.#folders) {
      for (;;) {
        await writeFile(join(folder, "cgroup.kill"), "1", { flag: "r+" }).catch(() => {});
        for (const pid of pidsIn(folder)) kill(pid);
        const failure = await rmdir(folder).then(
          () => undefined,
          (error: NodeJS.ErrnoException) => error,
        );
        if (failure === undefined || failure.code === "ENOENT") break;
        if (performance.now() > until) throw failure;
        await sleep(10);
      }
    }
  }

  async #write(file: string, text: string): Promise<void> {
    const found = await Promise.all(this.#folders.map(async (folder) => ((await isThere(join(folder, file))) ? [join(folder, file)] : [])));
    const [path] = found.flat();
    if (path === undefined) throw new Error(`a group has no ${file}`);
    await writeFile(path, text, { flag: "r+" });
  }
}

/** What the group of a sandbox is called, by the sandbox's id. */
export function groupOf(sandboxId: string): string {
  return `${namePrefix}${sandboxId}`;
}

/** The sandboxes that have groups in a lent one, by their ids. */
export async function groupedSandboxes({ folders }: LentGroup): Promise<readonly string[]> {
  const names = (await Promise.all(folders.map((folder) => readdir(folder)))).flat();
  return [...new Set(names.flatMap((name) => (name.startsWith(namePrefix) ? [name.slice(namePrefix.length)] : [])))];
}

/** Has the groups within one be bounded. The kernel refuses it for one that holds processes itself. */
async function enable(folder: string): Promise<void> {
  const has = (await readFile(join(folder, "cgroup.controllers"), "utf8")).trim().split(" ");
  const missing = wanted.filter((name) => !has.includes(name));
  if (missing.length > 0) throw new Error(`the group is not lent the controllers ${missing.join(" and ")}`);
  const control = join(folder, "cgroup.subtree_control");
  const on = (await readFile(control, "utf8")).trim().split(" ");
  const off = [...wanted, welcome].filter((name) => has.includes(name) && !on.includes(name));
  if (off.length > 0) await writeFile(control, off.map((name) => `+${name}`).join(" "), { flag: "r+" });
}

interface Mount {
  readonly folder: string;
  readonly type: string;
  readonly controllers: readonly string[];
}

function readMounts(): readonly Mount[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .flatMap((line) => {
      const [place, source] = line.split(" - ");
      const folder = place?.split(" ")[4];
      const [type, , options] = source?.split(" ") ?? [];
      return folder === undefined || type === undefined ? [] : [{ folder, type, controllers: options?.split(",") ?? [] }];
    });
}

function pidsIn(folder: string): readonly number[] {
  return readIfThere(join(folder, "cgroup.procs"))
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [Number(line)]));
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

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
