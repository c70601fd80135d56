import { endProcesses, type SandboxMarks } from "@clew/process/process-tree";
import { killNow } from "./kill-now.ts";

/**
 * Ends the processes of a sandbox with their wardens, and answers which. A warden is the parent of what hides from it: so it is stopped first, and killed last.
 *
 * @throws Error when some processes are still there after 10 s; the wardens are not.
 */
export async function endSandbox(wardens: readonly number[], marks: SandboxMarks): Promise<readonly number[]> {
  const ended: number[] = [];
  try {
    for (const warden of wardens) {
      stop(warden);
      ended.push(...(await endProcesses({ ...marks, adopter: warden })));
    }
  } finally {
    for (const warden of wardens) killNow(warden);
  }
  return [...ended, ...(await endProcesses(marks))];
}

function stop(pid: number): void {
  try {
    process.kill(pid, "SIGSTOP");
  } catch {
    // It is gone: whatever it had is nobody's.
  }
}
