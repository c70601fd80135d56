import { hasCode } from "@clew/fault/volume-fault";

/** Kills a process that may have ended by itself just now. */
export function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}
