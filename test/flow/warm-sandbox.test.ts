import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { RunEvent, RunResult } from "@clew/client";
import { readSandboxFile } from "@clew/orchestrator/sandboxes/sandbox-file";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { sandboxProcesses } from "../support/sandbox-processes.ts";
import { type System, startSystem, waitingPlaybook } from "../support/system.ts";

const longMs = 60_000;

describe("a warm sandbox", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ CLEW_WARM_SANDBOXES: "1", CLEW_MAX_CONCURRENT_RUNS: "3" });
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
  });

  const warmFolder = () => join(system.volume, "warm");
  const names = () => (existsSync(warmFolder()) ? readdirSync(warmFolder()) : []);

  /** Waits until one more than `others` is there, whose agent works. */
  async function untilOneWaits(others: readonly string[] = []): Promise<string> {
    const one = () => names().find((name) => !others.includes(name) && existsSync(join(warmFolder(), name, "agent", "agent.outbox")));
    await vi.waitFor(() => expect(one()).toBeDefined(), { timeout: longMs, interval: 100 });
    return one() ?? "";
  }

  it("gives a run the events, and the end, that one of its own gives", async () => {
    await untilOneWaits();
    const source = `id: look
steps:
  - { action: goto, params: { url: "${system.backOffice.url}/login" } }
  - { action: evaluate, params: { script: "return document.title" } }
`;
    const runs = await Promise.all([system.clew.createRun(system.spec(source)), system.clew.createRun(system.spec(source))]);
    const told = await Promise.all(
      runs.map(async (run) => {
        const events: RunEvent[] = [];
        for await (const event of run.events()) events.push(event);
        return {
          isWarm: events.some((event) => event.type === "sandboxReady" && event.sandboxReady.warm),
          events,
          run: await run.result(),
        };
      }),
    );
    expect(told.map(({ isWarm }) => isWarm).sort()).toEqual([false, true]);
    const [one, other] = told.map(({ events, run }) => ({ events: events.map(gist), run: outcomeOf(run) }));
    expect(one).toEqual(other);
    expect(told[0]?.run.state).toBe("COMPLETED");
  });

  it("goes on under the next orchestrator when its own is killed; one that was nobody's is replaced", async () => {
    const claimed = await untilOneWaits();
    const run = await system.clew.createRun(system.spec(waitingPlaybook(system.backOffice.url)));
    for await (const event of run.events()) if (event.type === "actionStarted" && event.actionStarted.action === "wait_for") break;
    expect((await readSandboxFile(join(system.volume, "runs", run.id)))?.warm?.name).toBe(claimed);
    const unclaimed = await untilOneWaits([claimed]);
    await system.restart(async () => {}, "kill");
    expect(await system.clew.getRun(run.id)).toMatchObject({ state: "RUNNING", attempt: 1 });
    expect(names()).not.toContain(unclaimed);
    const again = system.clew.run(run.id);
    await again.stop({ graceSeconds: 0 });
    expect((await again.result()).state).toBe("TERMINATED");
    await vi.waitFor(() => expect(names()).not.toContain(claimed), { timeout: longMs });
  });

  it("leaves nothing when its orchestrator ends", async () => {
    await untilOneWaits();
    await system.restart(async () => {
      expect(sandboxProcesses(system.volume)).toEqual([]);
      expect(names()).toEqual([]);
    });
  });
});

/** What an event says, but for when, and whether its sandbox was there before. */
function gist({ type, summary }: RunEvent): string {
  return type === "sandboxReady" ? type : `${type}: ${summary.replace(/\d+(\.\d+)? m?s/g, "…").replace(/[\d.]+ [KM]i?B/g, "…")}`;
}

function outcomeOf({ state, outcome }: RunResult): object {
  return { state, data: outcome?.data, summary: outcome?.summary };
}
