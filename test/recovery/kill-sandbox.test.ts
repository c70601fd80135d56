import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readSse } from "../support/doors.ts";
import { sandboxProcess, sandboxProcesses } from "../support/sandbox-processes.ts";
import { type System, startSystem, waitingPlaybook } from "../support/system.ts";

describe("a sandbox that is killed in mid-run", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
  });

  it.each([
    ["agent", "SANDBOX_LOST"],
    ["browser", "BROWSER_CRASHED"],
  ] as const)("whose %s is gone ends the run FAILED for good, with all that was published, and leaves no process", async (role, reason) => {
    const run = await system.clew.createRun(system.spec(waitingPlaybook(system.backOffice.url)));
    const seen: string[] = [];
    for await (const event of run.events()) {
      seen.push(JSON.stringify(event));
      if (event.type === "actionStarted" && event.actionStarted.action === "wait_for")
        process.kill(sandboxProcess(system.volume, role).pid, "SIGKILL");
    }
    const { state, outcome } = await run.result();
    expect(state).toBe("FAILED");
    expect(outcome.error).toMatchObject({ reason });
    expect(JSON.parse(seen.at(-1) ?? "").type).toBe("runFinished");
    expect(await readSse(system, run.id)).toEqual(seen);
    await vi.waitFor(() => expect(sandboxProcesses(system.volume)).toEqual([]), { timeout: 10_000 });
    expect(await run.get()).toEqual(await run.stop());
  });
});
