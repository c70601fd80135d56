import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sandboxProcesses } from "../support/sandbox-processes.ts";
import { type System, startSystem, waitingPlaybook } from "../support/system.ts";

describe("a run that does not end by itself", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ CLEW_MAX_CONCURRENT_RUNS: "1" });
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
  });

  const startWaiting = async (more = {}) => {
    const run = await system.clew.createRun(system.spec(waitingPlaybook(system.backOffice.url), more));
    for await (const event of run.events()) if (event.type === "actionStarted" && event.actionStarted.action === "wait_for") break;
    return run;
  };

  it("[weakness 16] is TERMINATED with the caller's reason, keeps its trace, and leaves no process", async () => {
    const run = await startWaiting({ recording: { trace: true } });
    await run.stop({ reason: "no longer needed", graceSeconds: 1 });
    const { state, outcome } = await run.result();
    expect([state, outcome.error?.reason, outcome.summary]).toEqual([
      "TERMINATED",
      "TERMINATED",
      "A caller stopped the run: no longer needed",
    ]);
    expect((await run.artifacts()).map(({ name }) => name)).toContain("trace.zip");
    expect(sandboxProcesses(system.volume)).toEqual([]);
  });

  it("[weakness 15] is TIMED_OUT at its deadline", async () => {
    const run = await startWaiting({ timeoutSeconds: 5 });
    const { state, outcome } = await run.result();
    expect([state, outcome.error?.reason]).toEqual(["TIMED_OUT", "TIMED_OUT"]);
  });

  it("ends at once when it is stopped in the queue, and starts no sandbox; one at work is killed at once with a grace of 0", async () => {
    const first = await startWaiting();
    const queued = await system.clew.createRun(system.spec(waitingPlaybook(system.backOffice.url)));
    expect(queued.state).toBe("QUEUED");
    await queued.stop({ reason: "changed my mind" });
    const types = [];
    for await (const event of queued.events()) types.push(event.type);
    expect(types).toEqual(["runCreated", "artifactStored", "runQueued", "stopRequested", "outcomePublished", "runFinished"]);
    await first.stop({ graceSeconds: 0 });
    expect((await first.result()).state).toBe("TERMINATED");
  });
});
