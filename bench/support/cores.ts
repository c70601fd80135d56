import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";

/** Which core a process is held on: the one that is measured has one of its own, everything else shares the other. */
export type Core = "server" | "client";

const numbers: Readonly<Record<Core, number>> = { server: 0, client: Math.min(1, availableParallelism() - 1) };

/** Holds a process, with all its threads, on its core. */
export async function pin(pid: number, core: Core): Promise<void> {
  await promisify(execFile)("taskset", ["--all-tasks", "--cpu-list", "--pid", String(numbers[core]), String(pid)]);
}

/** Linux counts a process's time in hundredths of a second. */
const ticksPerSecond = 100;

/** Seconds of a core that a process has used so far, with all its threads. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Bytes of memory that a process holds. */
export function residentBytes(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
  return Number(kibibytes) * 1024;
}
