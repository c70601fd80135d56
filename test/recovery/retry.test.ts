import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { RunEvent } from "@clew/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readSse } from "../support/doors.ts";
import { sandboxProcess, sandboxProcesses } from "../support/sandbox-processes.ts";
import { type System, startSystem } from "../support/system.ts";

describe("a run whose sandbox is lost after its work began", () => {
  let system: System;
  let site: Server;
  let url: string;
  let isReady: boolean;
  beforeAll(async () => {
    // A page that has what is waited for, once the test says so; and a button that can never be pressed.
    site = createServer((_, response) => {
      response.setHeader("content-type", "text/html");
      response.end(`<h1>Orders</h1>${isReady ? "<p id=ready>Ready</p>" : ""}<button id=pay disabled>Pay</button>`);
    }).listen(0, "127.0.0.1");
    await once(site, "listening");
    url = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    system = await startSystem();
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
    site.closeAllConnections();
    site.close();
  });

  const start = (lastStep: string, retry: { maxAttempts: number; backoffSeconds: number }, recording = { trace: false }) => {
    isReady = false;
    const source = `id: patient\nsteps:\n  - { action: goto, params: { url: "${url}/" } }\n  - ${lastStep}\n`;
    const guardrails = { allowedPrivateHosts: [new URL(url).host] };
    return system.clew.createRun({ playbookSource: source, retry, guardrails, recording });
  };
  const waitForReady = `{ action: wait_for, selector: "#ready", params: { timeout_ms: 60000 }, on_failure: abort }`;

  /** Kills the sandbox's agent as soon as a step's action has begun, then does more. */
  async function killAt(events: AsyncIterable<RunEvent>, action: string, then: () => void = () => {}): Promise<RunEvent[]> {
    const seen: RunEvent[] = [];
    let killed = false;
    for await (const event of events) {
      seen.push(event);
      if (killed || event.type !== "actionStarted" || event.actionStarted.action !== action) continue;
      killed = true;
      then();
      process.kill(sandboxProcess(system.volume, "agent").pid, "SIGKILL");
    }
    return seen;
  }

  it("is tried again in the same journal where it had only read, and completes", async () => {
    const run = await start(waitForReady, { maxAttempts: 2, backoffSeconds: 0 }, { trace: true });
    const seen = await killAt(run.events(), "wait_for", () => {
      isReady = true;
    });
    const ended = await run.get();
    expect(ended).toMatchObject({ state: "COMPLETED", attempt: 2, effects: "NONE", unconfirmedActions: [] });
    expect(seen.map(({ sequence }) => sequence)).toEqual(seen.map((_, index) => index + 1));
    const again = seen.findIndex(({ type, attempt }) => type === "attemptStarted" && attempt === 2);
    // What the first sandbox had to say is before, and nothing of it is after.
    expect(seen.slice(0, again).map(({ attempt }) => attempt)).not.toContain(2);
    expect(new Set(seen.slice(again).map(({ attempt }) => attempt))).toEqual(new Set([2]));
    expect(seen[again]).toMatchObject({ attemptStarted: { cause: "SANDBOX_LOST" } });
    const failed = seen.filter(({ type }) => type === "attemptFailed");
    expect(failed).toMatchObject([{ attempt: 1, attemptFailed: { error: { reason: "SANDBOX_LOST", retryable: true } } }]);
    expect(seen.filter(({ type }) => type === "outcomePublished")).toHaveLength(1);
    expect((await run.artifacts()).map(({ name }) => name)).toEqual(expect.arrayContaining(["sandbox-1.log", "trace-2.zip"]));
    expect(await readSse(system, run.id)).toEqual(seen.map((event) => JSON.stringify(event)));
    await vi.waitFor(() => expect(sandboxProcesses(system.volume)).toEqual([]), { timeout: 10_000 });
  });

  it("waits its backoff also through the death of its orchestrator, and no longer", async () => {
    const run = await start(waitForReady, { maxAttempts: 2, backoffSeconds: 10 });
    let failed: RunEvent | undefined;
    for await (const event of run.events()) {
      if (event.type === "actionStarted" && event.actionStarted.action === "wait_for")
        process.kill(sandboxProcess(system.volume, "agent").pid, "SIGKILL");
      failed = event;
      if (event.type === "attemptFailed") break;
    }
    isReady = true;
    await system.restart(undefined, "kill");
    if (failed?.type !== "attemptFailed") throw new Error("the first attempt did not fail");
    const due = Date.parse(failed.attemptFailed.retryTime ?? "");
    const later = await Array.fromAsync(system.clew.run(run.id).events({ after: failed.resumeToken }));
    const again = later.find(({ type }) => type === "attemptStarted");
    expect(Date.parse(again?.time ?? "")).toBeGreaterThanOrEqual(due);
    expect(later[0]?.sequence).toBe(failed.sequence + 1);
    expect(await system.clew.getRun(run.id)).toMatchObject({ state: "COMPLETED", attempt: 2 });
  });

  it("ends at once when somebody stops it while it waits to be tried again", async () => {
    const run = await start(waitForReady, { maxAttempts: 5, backoffSeconds: 300 });
    for await (const event of run.events()) {
      if (event.type === "actionStarted" && event.actionStarted.action === "wait_for")
        process.kill(sandboxProcess(system.volume, "agent").pid, "SIGKILL");
      if (event.type === "attemptFailed") await run.stop();
    }
    expect(await run.get()).toMatchObject({ state: "TERMINATED", attempt: 1 });
  });

  it("is not tried again where a write was begun and nobody knows what became of it", async () => {
    const run = await start(`{ action: click, selector: "#pay", on_failure: abort }`, { maxAttempts: 5, backoffSeconds: 0 });
    await killAt(run.events(), "click");
    const ended = await run.get();
    expect(ended).toMatchObject({ state: "FAILED", attempt: 1, effects: "UNKNOWN", outcome: { error: { reason: "SANDBOX_LOST" } } });
    expect(ended.unconfirmedActions).toMatchObject([{ action: "click", attempt: 1, effect: "WRITE" }]);
  });

  it("is tried again also where the work itself failed, as often as was asked", async () => {
    const step = `{ action: wait_for, selector: "#ready", params: { timeout_ms: 300 }, on_failure: abort }`;
    const run = await start(step, { maxAttempts: 2, backoffSeconds: 0 });
    const types = (await Array.fromAsync(run.events())).map(({ type }) => type);
    expect(types.filter((type) => ["attemptStarted", "attemptFailed", "outcomePublished"].includes(type))).toEqual([
      "attemptStarted",
      "attemptFailed",
      "attemptStarted",
      "outcomePublished",
    ]);
    expect(await run.get()).toMatchObject({ state: "FAILED", attempt: 2, effects: "NONE" });
  });
});
