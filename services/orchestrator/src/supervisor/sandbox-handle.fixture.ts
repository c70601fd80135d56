import type { SandboxHandle } from "../sandboxes/sandbox-provider.ts";

/** Says where the first attempt of a run has its sandbox, for tests in which nobody looks whether it is there. */
export function handleOf(runId: string, workFolder = ""): SandboxHandle {
  return { runId, attempt: 1, isolation: "process", wardenAddress: "", agentAddress: "", pid: 0, startTime: "", bootId: "", workFolder };
}
