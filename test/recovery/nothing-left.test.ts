import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSandboxFile } from "@clew/orchestrator/sandboxes/sandbox-file";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readSse } from "../support/doors.ts";
import { sandboxProcess, sandboxProcesses } from "../support/sandbox-processes.ts";
import { type System, startSystem, waitingPlaybook } from "../support/system.ts";

/** What a run may leave on the volume when it is over. */
const lasting = ["artifacts", "journal", "journal.index"];

/** How a run is said to have ended that was cut short. */
const endOf = {
  stop: ["TERMINATED", "TERMINATED"],
  warden: ["FAILED", "SANDBOX_LOST"],
  agent: ["FAILED", "SANDBOX_LOST"],
  browser: ["FAILED", "BROWSER_CRASHED"],
} as const;

describe.each([
  ["process", ["stop", "warden", "agent", "browser"]],
  ["bubblewrap", ["warden", "agent"]],
] as const)("what a run leaves behind: %s", (isolation, ways) => {
  let temp: string;
  let system: System;
  beforeAll(async () => {
    // A temp folder of its own, so that what others leave in theirs is not taken for ours.
    temp = await mkdtemp(join(tmpdir(), "clew-left-"));
    await mkdir(join(temp, "run"));
    system = await startSystem({ CLEW_SANDBOX: isolation, TMPDIR: temp, XDG_RUNTIME_DIR: join(temp, "run") });
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
    await rm(temp, { recursive: true, force: true });
  });

  async function agentAndWarden(runId: string): Promise<{ readonly agent: number; readonly warden: number }> {
    const sandbox = await readSandboxFile(join(system.volume, "runs", runId));
    return { agent: sandboxProcess(system.volume, "agent").pid, warden: sandbox?.pid ?? Number.NaN };
  }

  async function expectNothingLeft(runId: string): Promise<void> {
    await vi.waitFor(
      async () => {
        expect(sandboxProcesses(system.volume)).toEqual([]);
        expect((await readdir(temp, { recursive: true })).filter((name) => !name.startsWith("node-compile-cache"))).toEqual(["run"]);
        expect((await readdir(join(system.volume, "runs", runId))).filter((name) => !lasting.includes(name))).toEqual([]);
      },
      { timeout: 20_000, interval: 200 },
    );
  }

  it("is its journal and its artifacts when it came to its end", async () => {
    const run = await system.clew.createRun(await system.cancelOrder("12345", { recording: {} }));
    expect((await run.result()).state).toBe("COMPLETED");
    await expectNothingLeft(run.id);
  });

  it.each(ways)("is its journal, whole to its last event, and its artifacts when it was cut short: %s", async (how) => {
    const run = await system.clew.createRun(system.spec(waitingPlaybook(system.backOffice.url), { recording: {} }));
    const seen: string[] = [];
    for await (const event of run.events()) {
      seen.push(JSON.stringify(event));
      if (event.type !== "actionStarted" || event.actionStarted.action !== "wait_for") continue;
      if (how === "stop") await run.stop({ graceSeconds: 0 });
      else if (how === "browser") process.kill(sandboxProcess(system.volume, "browser").pid, "SIGKILL");
      else process.kill((await agentAndWarden(run.id))[how], "SIGKILL");
    }
    const { state, outcome } = await run.result();
    expect([state, outcome.error?.reason]).toEqual(endOf[how]);
    expect(JSON.parse(seen.at(-1) ?? "").type).toBe("runFinished");
    expect(await readSse(system, run.id)).toEqual(seen);
    expect(await run.get()).toEqual(await run.stop());
    await expectNothingLeft(run.id);
  });
});
