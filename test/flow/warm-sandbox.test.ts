import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { RunEvent, RunResult } from "@clew/client";
import { readSandboxFile } from "@clew/orchestrator/sandboxes/sandbox-file";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { sandboxProcesses } from "../support/sandbox-processes.ts";
import { type System, startSystem, waitingPlaybook } from "../support/system.ts";

const longMs = 60_000;
const metricsPath = join(tmpdir(), `clew-metrics-${process.pid}`);

/** What the orchestrator tells of itself, line by line. */
async function metricLines(): Promise<string[]> {
  const [response] = await once(get({ socketPath: metricsPath, path: "/metrics", agent: false }), "response");
  return (await text(response)).split("\n");
}

describe("a warm sandbox", () => {
  let system: System;
  beforeAll(async () => {
    const metrics = `unix:${metricsPath}`;
    system = await startSystem({ CLEW_WARM_SANDBOXES: "1", CLEW_MAX_CONCURRENT_RUNS: "3", CLEW_METRICS_ADDRESS: metrics });
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
    const counted = [
      'clew_runs{state="COMPLETED"} 2',
      'clew_runs_finished_total{state="COMPLETED",reason="none"} 2',
      "clew_attempts_started_total 2",
      'clew_sandbox_starts_total{warm="true"} 1',
      'clew_sandbox_starts_total{warm="false"} 1',
      'clew_warm_claims_total{result="claimed"} 1',
      'clew_warm_claims_total{result="missed"} 1',
      "clew_queue_length 0",
      "clew_slots 3",
      "clew_slots_used 0",
      'clew_janitor_leftovers_total{kind="process",result="found"} 0',
      "clew_journal_fsync_failures_total 0",
    ];
    await vi.waitFor(async () => expect(await metricLines()).toEqual(expect.arrayContaining(counted)), { timeout: longMs });
    const count = (await metricLines()).find((line) => line.startsWith("clew_journal_events_total "));
    expect(count).toBe(`clew_journal_events_total ${told.reduce((sum, { events }) => sum + events.length, 0)}`);
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
