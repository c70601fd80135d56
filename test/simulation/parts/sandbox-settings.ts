/** One sandbox, as it is started. */
export interface SandboxSettings {
  readonly id: string;
  readonly runId: string;
  readonly attempt: number;
  readonly workFolder: string;
  readonly deadlineMs: number;
}

/** Milliseconds a sandbox stays without an orchestrator. */
export const graceMs = 120_000;
