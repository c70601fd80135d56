import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findMarkedSandboxes } from "@clew/orchestrator/sandboxes/marked-processes";
import { markOf } from "@clew/orchestrator/sandboxes/sandbox-id";
import { openVolume } from "@clew/orchestrator/volume/volume";
import { z } from "zod";
import { sandboxProcesses } from "../support/sandbox-processes.ts";

/** A process that works for a run. */
export interface SandboxMember {
  readonly runId: string;
  /** `bwrap` is what encloses the agent of an isolated sandbox. */
  readonly role: "warden" | "bwrap" | "agent" | "browser";
  readonly pid: number;
}

/** Finds the processes that can be harmed: of each living sandbox that is a run's its warden, what encloses it, its agent and its browser. */
export function sandboxMembers(volume: string): readonly SandboxMember[] {
  const named = namedSandboxes(volume);
  const parts = sandboxProcesses(volume).flatMap(({ pid, command }): SandboxMember[] => {
    const [, own, warm] = /\/runs\/(run-[0-9a-f]{32})\/|\/warm\/([0-9a-f]+)\//.exec(`${command} ${environmentOf(pid)}`) ?? [];
    const runId = own ?? (warm && named.find((one) => one.warm === warm)?.runId);
    const isBrowser = command.includes("--remote-debugging-pipe") && !command.includes("--type=");
    const isAgent = command.includes("sandbox-agent/src/main.");
    // What encloses an agent names it too.
    const role = command.startsWith("bwrap ") ? "bwrap" : isAgent ? "agent" : isBrowser ? "browser" : undefined;
    return runId === undefined || role === undefined ? [] : [{ runId, role, pid }];
  });
  return [...parts, ...named.flatMap(({ runId, pid }): SandboxMember[] => (isWarden(pid) ? [{ runId, role: "warden", pid }] : []))];
}

/** The runs that are over and whose sandboxes are kept. */
export function keptRuns(volume: string): readonly string[] {
  return readdirSync(join(volume, "kept")).flatMap((name) => (name.endsWith(".json") ? [name.slice(0, -".json".length)] : []));
}

/** Finds every warden of a volume, also of sandboxes that are nobody's yet. */
export async function everyWarden(volume: string): Promise<readonly number[]> {
  const mark = markOf(await openVolume(volume));
  return [...findMarkedSandboxes().values()].filter(({ id }) => id.mark === mark).flatMap(({ wardens }) => wardens);
}

const sandboxFile = z.object({ pid: z.number(), warm: z.object({ name: z.string() }).optional() });

/** The sandboxes that runs have, by `sandbox.json`: it alone names the warden, and whose a sandbox is that was started for nobody. */
function namedSandboxes(volume: string): readonly { readonly runId: string; readonly pid: number; readonly warm: string | undefined }[] {
  return readdirSync(join(volume, "runs")).flatMap((runId) => {
    try {
      const { pid, warm } = sandboxFile.parse(JSON.parse(readFileSync(join(volume, "runs", runId, "sandbox.json"), "utf8")));
      return [{ runId, pid, warm: warm?.name }];
    } catch {
      return [];
    }
  });
}

function isWarden(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("warden/src/main.");
  } catch {
    return false;
  }
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
