import { readdirSync, readFileSync } from "node:fs";
import { sandboxVariable } from "@clew/process/process-tree";
import { parseSandboxId, type SandboxId } from "./sandbox-id.ts";

/** The environment variable that marks a warden with its sandbox's id. Another than its sandbox's: the warden is not one of those it ends. */
export const wardenVariable = "CLEW_WARDEN_OF";

/** The living processes that carry one sandbox's id, as far as this user may look. */
export interface MarkedSandbox {
  readonly id: SandboxId;
  readonly wardens: readonly number[];
}

/** Finds the sandboxes of which a marked process lives on this machine, the warden or any other; by their ids as text. */
export function findMarkedSandboxes(): Map<string, MarkedSandbox> {
  const found = new Map<string, MarkedSandbox>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    for (const entry of environmentOf(name)) {
      const [variable = "", text = ""] = entry.split("=");
      const id = variable === wardenVariable || variable === sandboxVariable ? parseSandboxId(text) : undefined;
      if (id === undefined) continue;
      const wardens = found.get(text)?.wardens ?? [];
      found.set(text, { id, wardens: variable === wardenVariable ? [...wardens, Number(name)] : wardens });
    }
  }
  return found;
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
  } catch {
    return [];
  }
}
