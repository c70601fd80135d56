import { readFileSync } from "node:fs";
import { hasCode } from "@clew/fault/volume-fault";

/**
 * Measures the memory of processes in bytes, as far as it is needed to know whether it is more than `mostBytes`: what each has is quickly
 * read, and counts shared memory as often as there are sharers. Only where that is too much, each is given its share of what it shares.
 */
export function measureMemory(pids: readonly number[], mostBytes: number): number {
  const upperBound = sum(pids, (pid) => readKilobytes(pid, "status", /^VmRSS:\s+(\d+) kB$/m));
  return upperBound <= mostBytes ? upperBound : sum(pids, (pid) => readKilobytes(pid, "smaps_rollup", /^Pss:\s+(\d+) kB$/m));
}

function sum(pids: readonly number[], measure: (pid: number) => number): number {
  return pids.reduce((bytes, pid) => bytes + measure(pid), 0);
}

/** What has ended, or is not ours to look at, has none. */
function readKilobytes(pid: number, file: string, wanted: RegExp): number {
  try {
    return Number(wanted.exec(readFileSync(`/proc/${pid}/${file}`, "latin1"))?.[1] ?? 0) * 1024;
  } catch (error) {
    if (hasCode(error, "EMFILE", "ENFILE")) throw error;
    return 0;
  }
}
