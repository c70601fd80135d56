import { createClew, type RunHandle } from "@clew/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type BackOffice, startBackOffice } from "../../examples/back-office/src/back-office.ts";
import { type Fleet, startFleet } from "../support/fleet.ts";
import { sandboxProcess, sandboxProcesses } from "../support/sandbox-processes.ts";

/** Seconds a sandbox may be silent here; it says something every 5 s. */
const silence = 8;

describe("a process that stands still", () => {
  let fleet: Fleet;
  let backOffice: BackOffice;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 1, env: { CLEW_SANDBOX_SILENCE: `${silence}s` } });
    backOffice = await startBackOffice();
  });
  afterAll(async () => {
    await fleet[Symbol.asyncDispose]();
    await backOffice[Symbol.asyncDispose]();
  });

  /** Starts a run that waits in its browser for what comes after so many seconds: nothing. */
  async function startWaiting(seconds: number): Promise<RunHandle> {
    const clew = createClew({ url: `http://${fleet.gateways[0].address}` });
    const playbookSource = `id: waits
steps:
  - { action: goto, params: { url: "${backOffice.url}/login" } }
  - { action: wait_for, selector: "#never", params: { timeout_ms: ${seconds * 1_000} }, on_failure: abort, failure_message: Nothing came }
`;
    const run = await clew.createRun({ playbookSource, guardrails: { allowedPrivateHosts: [new URL(backOffice.url).host] } });
    for await (const event of run.events()) if (event.type === "actionStarted" && event.actionStarted.action === "wait_for") break;
    return run;
  }

  it("[weakness 13] a sandbox whose agent is stopped for longer than it may be silent is ended as SANDBOX_HUNG, and for good", async () => {
    const run = await startWaiting(60);
    process.kill(sandboxProcess(fleet.volume, "agent").pid, "SIGSTOP");
    const { state, outcome } = await run.result({ timeoutMs: 60_000 });
    expect([state, outcome.error?.reason]).toEqual(["FAILED", "SANDBOX_HUNG"]);
    await vi.waitFor(() => expect(sandboxProcesses(fleet.volume)).toEqual([]), { timeout: 10_000 });
    expect((await run.get()).state).toBe("FAILED");
  });

  it("[weakness 13] an orchestrator that was stopped for longer blames no sandbox: it starts their leases afresh", async () => {
    const run = await startWaiting(silence + 6);
    await fleet.orchestrator.pause((silence + 3) * 1_000);
    const { outcome, run: ended } = await run.result({ timeoutMs: 60_000 });
    expect([outcome.error?.message, ended.attempt]).toEqual(["Nothing came", 1]);
  });
});
