import { existsSync } from "node:fs";
import { join } from "node:path";
import { createClew, type RunEvent, type RunHandle } from "@clew/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type BackOffice, startBackOffice } from "../../examples/back-office/src/back-office.ts";
import { type Fleet, startFleet } from "../support/fleet.ts";
import { sandboxProcesses } from "../support/sandbox-processes.ts";

/** More than the attempts in a row that may be lost before their work begins. */
const restarts = 4;

describe("a run whose orchestrator is replaced again and again while its sandbox starts", () => {
  let fleet: Fleet;
  let backOffice: BackOffice;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 1 });
    backOffice = await startBackOffice();
  });
  afterAll(async () => {
    await backOffice[Symbol.asyncDispose]();
    await fleet[Symbol.asyncDispose]();
  });

  function begin(): Promise<RunHandle> {
    const clew = createClew({ url: `http://${fleet.gateways[0].address}`, patienceMs: 60_000 });
    const playbookSource = `id: look\nsteps:\n  - { action: goto, params: { url: "${backOffice.url}/login" } }\n`;
    return clew.createRun({ playbookSource, guardrails: { allowedPrivateHosts: [new URL(backOffice.url).host] } });
  }

  async function readToEnd(run: RunHandle, onEvent: (event: RunEvent) => Promise<void> = async () => {}): Promise<RunEvent[]> {
    const seen: RunEvent[] = [];
    for await (const event of run.events()) {
      seen.push(event);
      await onEvent(event);
    }
    await vi.waitFor(() => expect(sandboxProcesses(fleet.volume)).toEqual([]), { timeout: 10_000 });
    return seen;
  }

  it("goes on in the same sandbox where one handed over to the next", async () => {
    const seen = await readToEnd(await begin(), async ({ type }) => {
      if (type !== "attemptStarted") return;
      for (let left = restarts; left > 0; left--) await fleet.orchestrator.restart("SIGTERM");
    });
    expect(seen.at(-1)).toMatchObject({ runFinished: { run: { state: "COMPLETED", attempt: 1 } } });
  });

  it("goes on however often one was killed before its sandbox had begun", async () => {
    const run = await begin();
    const read = readToEnd(run);
    // As soon as there is a trace of an attempt: the sandbox itself is hardly ever on record by then, and is adopted where it is.
    for (let attempt = 1; attempt <= restarts; attempt++) {
      const folder = join(fleet.volume, "runs", run.id, `work-${attempt}`);
      const isBegun = await vi.waitUntil(() => existsSync(folder), { interval: 1, timeout: 10_000 }).catch(() => false);
      if (!isBegun) break;
      await fleet.orchestrator.restart("SIGKILL");
    }
    const seen = await read;
    expect(seen.at(-1)).toMatchObject({ runFinished: { run: { state: "COMPLETED" } } });
    const reasons = seen.flatMap((event) => (event.type === "attemptFailed" ? (event.attemptFailed.error?.reason ?? "") : []));
    expect(reasons).toEqual(reasons.map(() => "ORCHESTRATOR_LOST"));
  });
});
