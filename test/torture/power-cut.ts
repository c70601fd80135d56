import type { Fleet } from "../support/fleet.ts";
import { sandboxProcesses } from "../support/sandbox-processes.ts";
import { sandboxMembers, signalTo } from "./sandboxes.ts";

/** Kills everything at once, as when the power fails, and starts the services again: what sandboxes left is theirs to find. */
export async function cutPower({ volume, orchestrator, gateways }: Fleet): Promise<void> {
  const wardens = sandboxMembers(volume).filter(({ role }) => role === "warden");
  const others = sandboxProcesses(volume);
  for (const service of [orchestrator, ...gateways]) service.process.kill();
  for (const pid of [...wardens, ...others].map((one) => one.pid)) killNow(pid);
  await Promise.all([orchestrator, ...gateways].map((service) => service.restart("SIGKILL")));
}

/** Kills the orchestrator and every warden at once, so that nobody looks after what sandboxes have running, and starts the next; notes whose they were. */
export async function orphanSandboxes({ volume, orchestrator }: Fleet, harmed: Set<string>): Promise<number> {
  const wardens = sandboxMembers(volume).filter(({ role }) => role === "warden");
  orchestrator.process.kill();
  for (const warden of wardens) {
    harmed.add(warden.runId);
    signalTo(warden, "SIGKILL");
  }
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
