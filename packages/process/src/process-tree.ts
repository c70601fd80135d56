import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A process as `/proc/<pid>/stat` shows it. */
export interface ProcessEntry {
  readonly pid: number;
  /** Whether no more than its zombie is left. */
  readonly hasEnded: boolean;
  readonly parentPid: number;
  /** Its process group. */
  readonly group: number;
  readonly session: number;
  /** Whether somebody's terminal controls it. */
  readonly hasTerminal: boolean;
  /** Ticks from the machine's start until its own: with the pid and the boot id it names one process for ever. */
  readonly startTime: string;
}

/** The environment variable that marks the processes of a sandbox with its id. */
export const sandboxVariable = "CLEW_SANDBOX_ID";

/** How the processes of one sandbox are known. Any one mark is enough; descendants and group fellows belong to them. */
export interface SandboxMarks {
  /** The sandbox's id: in `CLEW_SANDBOX_ID` of its first process, which passes it on to its children. */
  readonly id: string;
  /** The sandbox's folder: an option such as `--user-data-dir=<folder>/…` marks a process, and so does working in it without a terminal. */
  readonly folder: string;
  /** Process groups known to be the sandbox's, also when their first process is gone. */
  readonly groups?: ReadonlySet<number>;
  /** The `startTime` of the process that all of the sandbox's descend from, where it is known: nobody older is looked at closely. */
  readonly since?: string;
  /** The process that is the parent of whatever of the sandbox lost its own; it is none of the sandbox's itself. */
  readonly adopter?: number;
}

/** Reads one process; undefined when there is none, or only its zombie. */
export function readProcess(pid: number): ProcessEntry | undefined {
  const entry = readEntry(pid);
  return entry?.hasEnded ? undefined : entry;
}

/** Reads every process of the machine, and what is left of those that their parents have not let go yet. */
export function readProcesses(): ProcessEntry[] {
  return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (readEntry(Number(name)) ?? []) : []));
}

function readEntry(pid: number): ProcessEntry | undefined {
  const stat = read(pid, "stat");
  if (stat === undefined) return undefined;
  // The name, in brackets, may itself hold brackets and blanks.
  const [state, parentPid, group, session, terminal, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return {
    pid,
    hasEnded: state === "Z" || state === "X",
    parentPid: Number(parentPid),
    group: Number(group),
    session: Number(session),
    hasTerminal: terminal !== "0",
    startTime: rest[14] ?? "",
  };
}

/** The machine's boot id: pids and start times mean nothing across it. */
export function readBootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** Finds every living process of a sandbox, but for the caller and its ancestors. */
export function findProcesses(marks: SandboxMarks): ProcessEntry[] {
  const all = new Map(readProcesses().flatMap((entry) => (entry.hasEnded ? [] : [[entry.pid, entry]])));
  const foreign = new Set<number>();
  for (let pid = process.pid; pid > 0; ) {
    const ancestor = all.get(pid);
    all.delete(pid);
    if (ancestor !== undefined) foreign.add(ancestor.group).add(ancestor.session);
    pid = ancestor?.parentPid ?? 0;
  }
  const found = new Map<number, ProcessEntry>();
  const since = Number(marks.since ?? 0);
  for (const entry of all.values()) {
    const isKnown = entry.parentPid === marks.adopter || marks.groups?.has(entry.group);
    if (isKnown || (Number(entry.startTime) >= since && isMarked(entry, marks))) found.set(entry.pid, entry);
  }
  // A group or session is the sandbox's only if its first process is, or was: others merely started one of ours.
  const isOurs = (leader: number) => !foreign.has(leader) && (found.has(leader) || !all.has(leader));
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    const leaders = new Set([...found.values()].flatMap(({ group, session }) => [group, session]).filter(isOurs));
    for (const entry of all.values()) {
      if (found.has(entry.parentPid) || leaders.has(entry.group) || leaders.has(entry.session)) found.set(entry.pid, entry);
    }
  }
  return [...found.values()];
}

/**
 * Kills every process of a sandbox with SIGKILL and answers once none is left, with all the pids it killed.
 *
 * @throws Error when some are still there after `timeoutMs`.
 */
export async function endProcesses(marks: SandboxMarks, { timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {}): Promise<number[]> {
  const until = performance.now() + timeoutMs;
  const killed = new Set<number>();
  // What was forked while /proc was being read may be missing in one reading, not in two.
  for (let empty = 0; empty < 2; ) {
    const found = findProcesses(marks);
    empty = found.length === 0 ? empty + 1 : 0;
    for (const { pid } of found) {
      killed.add(pid);
      killProcess(pid);
    }
    if (found.length === 0) continue;
    if (performance.now() > until) throw new Error(`${found.length} processes of a sandbox could not be ended.`);
    await waitForEnd(found);
  }
  return [...killed];
}

/** Waits until these have ended, or 100 ms: others may have come of them. They are looked at alone, since reading all of /proc takes a processor for milliseconds. */
async function waitForEnd(killed: readonly ProcessEntry[]): Promise<void> {
  const isLeft = ({ pid, startTime }: ProcessEntry) => readProcess(pid)?.startTime === startTime;
  for (let time = 0; time < 10 && killed.some(isLeft); time++) await sleep(10);
}

function isMarked({ pid, hasTerminal }: ProcessEntry, { id, folder }: SandboxMarks): boolean {
  if (read(pid, "environ")?.split("\0").includes(`${sandboxVariable}=${id}`)) return true;
  // Only as an option's value: somebody who merely looks into the folder is not part of it.
  if (
    read(pid, "cmdline")
      ?.split("\0")
      .some((argument) => argument.startsWith("--") && argument.includes(`=${folder}/`))
  )
    return true;
  // Chromium's children write their titles over their environment: where they work is what is left of it.
  return !hasTerminal && isInside(workingFolder(pid), folder);
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}

/** Kills a process, where it is there and ours to kill. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already, or not ours to kill: the next look tells.
  }
}

function read(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return undefined;
  }
}
