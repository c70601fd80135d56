import type { Fleet } from "../support/fleet.ts";
import { sandboxProcesses } from "../support/sandbox-processes.ts";
import { everyWarden, keptRuns, sandboxMembers } from "./sandboxes.ts";

/** Kills everything at once, as when the power fails, and starts the services again: what sandboxes left is theirs to find. */
export async function cutPower({ volume, orchestrator, gateways }: Fleet): Promise<void> {
  const wardens = await everyWarden(volume);
  const others = sandboxProcesses(volume).map(({ pid }) => pid);
  for (const service of [orchestrator, ...gateways]) service.process.kill();
  for (const pid of [...wardens, ...others]) killNow(pid);
  await Promise.all([orchestrator, ...gateways].map((service) => service.restart("SIGKILL")));
}

/** Kills the orchestrator and every warden at once, so that nobody looks after what sandboxes have running, and starts the next; notes whose they were. */
export async function orphanSandboxes({ volume, orchestrator }: Fleet, harmed: Set<string>): Promise<number> {
  const wardens = await everyWarden(volume);
  orchestrator.process.kill();
  // Nobody gets one any more.
  for (const { runId, role } of sandboxMembers(volume)) if (role === "warden") harmed.add(runId);
  for (const runId of keptRuns(volume)) harmed.add(runId);
  for (const pid of wardens) killNow(pid);
  await orchestrator.restart("SIGKILL");
  return wardens.length;
}

function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended with another.
  }
}
