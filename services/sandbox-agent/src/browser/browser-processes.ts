import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { endProcesses, findProcesses, readProcess } from "@clew/process/process-tree";

/** By what the processes of one browser are known. */
export interface BrowserMarks {
  /** The sandbox's id: in the environment of the browser. */
  readonly id: string;
  /** The sandbox's folder. */
  readonly folder: string;
}

/** The processes of a browser that was just launched, and its profile. */
export interface BrowserProcesses {
  /** Kills what is left of them and removes the profile; resolves once all of it is gone. Rejects where something stays. */
  end(): Promise<void>;
}

/** Finds the processes of a browser that this process has launched. Its groups are noted: its children stay in them when it dies and they can no longer be told by their parent. */
export function findBrowserProcesses({ id, folder }: BrowserMarks): BrowserProcesses {
  const marks = { id, folder, since: readProcess(process.pid)?.startTime ?? "" };
  const found = findProcesses(marks);
  const groups = new Set(found.map(({ group }) => group));
  const profile = found.map(({ pid }) => profileOf(pid)).find((folder) => folder !== undefined);
  return {
    async end() {
      await endProcesses({ ...marks, groups });
      // Playwright removes it too, where it lives to do so.
      if (profile !== undefined) await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function profileOf(pid: number): string | undefined {
  const option = "--user-data-dir=";
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return command.find((argument) => argument.startsWith(option))?.slice(option.length);
  } catch {
    return undefined;
  }
}
