import { readdirSync, readFileSync } from "node:fs";
import { readProcess } from "@clew/process/process-tree";

/** The parts of a sandbox, by the program that each of its processes runs. */
const parts = { warden: "warden/src/main.", agent: "sandbox-agent/src/main.", bubblewrap: "bwrap ", chromium: "" } as const;

/** Mebibytes of each part. */
export type SandboxMemory = Record<keyof typeof parts, number>;

/** Measures a sandbox's memory: each process has its share of what it shares with others (PSS). */
export function readSandboxMemory(wardenPid: number): SandboxMemory {
  const all = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (readProcess(Number(name)) ?? []) : []));
  const pids = [wardenPid];
  for (const parent of pids) pids.push(...all.filter(({ parentPid }) => parentPid === parent).map(({ pid }) => pid));
  const memory = { warden: 0, agent: 0, bubblewrap: 0, chromium: 0 };
  for (const pid of pids) memory[partOf(pid)] += pssOf(pid);
  return memory;
}

function partOf(pid: number): keyof typeof parts {
  const command = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
  if (command.startsWith(parts.bubblewrap)) return "bubblewrap";
  return command.includes(parts.warden) ? "warden" : command.includes(parts.agent) ? "agent" : "chromium";
}

function pssOf(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))?.[1] ?? 0) / 1024;
}
