import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sandboxProcesses } from "../support/sandbox-processes.ts";

/** A process that works for a run. */
export interface SandboxMember {
  readonly runId: string;
  /** `bwrap` is what encloses the agent of an isolated sandbox. */
  readonly role: "warden" | "bwrap" | "agent" | "browser";
  readonly pid: number;
}

/** Finds the processes that can be harmed: of each living sandbox its warden, what encloses it, its agent and its browser. */
export function sandboxMembers(volume: string): readonly SandboxMember[] {
  const parts = sandboxProcesses(volume).flatMap(({ pid, command }): SandboxMember[] => {
    const runId = /runs\/(run-[0-9a-f]{32})\//.exec(`${command} ${environmentOf(pid)}`)?.[1];
    const isBrowser = command.includes("--remote-debugging-pipe") && !command.includes("--type=");
    const isAgent = command.includes("sandbox-agent/src/main.ts");
    // What encloses an agent names it too.
    const role = command.startsWith("bwrap ") ? "bwrap" : isAgent ? "agent" : isBrowser ? "browser" : undefined;
    return runId === undefined || role === undefined ? [] : [{ runId, role, pid }];
  });
  return [...parts, ...wardens(volume)];
}

/** A warden names its volume nowhere: `sandbox.json` names the warden. */
function wardens(volume: string): readonly SandboxMember[] {
  return readdirSync(join(volume, "runs")).flatMap((runId): SandboxMember[] => {
    try {
      const { pid } = JSON.parse(readFileSync(join(volume, "runs", runId, "sandbox.json"), "utf8"));
      const isWarden = readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("warden/src/main.ts");
      return isWarden ? [{ runId, role: "warden", pid }] : [];
    } catch {
      return [];
    }
  });
}

/** Whether the process was still there. */
export function signalTo({ pid }: SandboxMember, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}
