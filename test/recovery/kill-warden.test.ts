import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Run, RunEvent } from "@clew/client";
import { readSandboxFile } from "@clew/orchestrator/sandboxes/sandbox-file";
import { placesOf } from "@clew/outbox/work-folder";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { sandboxProcesses } from "../support/sandbox-processes.ts";
import { type System, startSystem } from "../support/system.ts";

const waits = `{ action: wait_for, selector: "#never", params: { timeout_ms: 60000 }, on_failure: abort }`;
const verifies = `{ action: click, selector: "h1", verify: { expect_element_visible: "#never", timeout_ms: 60000 }, on_failure: abort }`;
const ends = `{ action: wait_for, selector: "h1" }`;

const begins = (action: string) => (event: RunEvent) => event.type === "actionStarted" && event.actionStarted.action === action;
const completes = (action: string) => (event: RunEvent) => event.type === "actionCompleted" && event.actionCompleted.action === action;

describe("a run whose warden is killed while everything else lives on", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
  });

  /** Opens a page, does one step more, and kills the first warden once it is there and the event that is meant has come. */
  async function runAndKill(
    lastStep: string,
    isMeant: (event: RunEvent) => boolean,
    before: (runId: string) => Promise<void> = async () => {},
  ): Promise<{ run: Run; seen: RunEvent[] }> {
    const open = `{ action: goto, params: { url: "${system.backOffice.url}/login" } }`;
    const source = `id: bereft\nsteps:\n  - ${open}\n  - ${lastStep}\n`;
    const run = await system.clew.createRun(system.spec(source, { recording: { trace: true } }));
    const seen: RunEvent[] = [];
    let warden: number | undefined;
    let isKilled = false;
    for await (const event of run.events()) {
      seen.push(event);
      if (event.type === "attemptStarted") warden ??= await wardenOf(run.id);
      if (isKilled || warden === undefined || !isMeant(event)) continue;
      await before(run.id);
      isKilled = process.kill(warden, "SIGKILL");
    }
    expect(isKilled).toBe(true);
    await vi.waitFor(() => expect(sandboxProcesses(system.volume)).toEqual([]), { timeout: 10_000 });
    return { run: await run.get(), seen };
  }

  function wardenOf(runId: string): Promise<number> {
    return vi.waitFor(
      async () => {
        const sandbox = await readSandboxFile(join(system.volume, "runs", runId));
        return sandbox?.pid ?? expect.fail("no sandbox is on record");
      },
      { timeout: 20_000 },
    );
  }

  /** What its agent failed at for want of a browser is no outcome. */
  function expectLost(run: Run, seen: readonly RunEvent[]): void {
    expect(run).toMatchObject({ state: "FAILED", attempt: 1, outcome: { error: { reason: "SANDBOX_LOST" } } });
    const failures = seen.flatMap((event) => {
      if (event.type === "stepCompleted") return event.stepCompleted.error ?? [];
      return event.type === "actionCompleted" ? (event.actionCompleted.error ?? []) : [];
    });
    expect(failures.filter(({ reason }) => reason !== "SANDBOX_LOST")).toEqual([]);
  }

  it("before its browser is ready goes on in another sandbox", async () => {
    const { run } = await runAndKill(ends, ({ type }) => type === "attemptStarted");
    expect(run).toMatchObject({ state: "COMPLETED", attempt: 2 });
  });

  it.each([
    ["before its first action", waits, ({ type }: RunEvent) => type === "runStarted"],
    ["in its first action", waits, begins("goto")],
    ["in a verify", verifies, completes("click")],
  ] as const)("%s ends SANDBOX_LOST: what its agent fails at for want of a browser is no outcome", async (_, lastStep, isMeant) => {
    const { run, seen } = await runAndKill(lastStep, isMeant);
    expectLost(run, seen);
  });

  it("in the midst of an action ends so too, and leaves the record of its connections, which says that it is not complete", async () => {
    const isWritten = async (runId: string) => {
      const file = placesOf(join(system.volume, "runs", runId, "work-1")).egress;
      await vi.waitFor(() => expect(existsSync(file)).toBe(true), { timeout: 20_000 });
    };
    const { run, seen } = await runAndKill(waits, begins("wait_for"), isWritten);
    expectLost(run, seen);
    const { port } = new URL(system.backOffice.url);
    expect(await (await system.clew.run(run.id).artifact("egress.json")).json()).toMatchObject({
      complete: false,
      entries: [{ host: "127.0.0.1", port: Number(port), rule: "" }],
    });
  });

  it("after its outcome was published keeps that outcome, whatever of its files is lost", async () => {
    const { run, seen } = await runAndKill(ends, ({ type }) => type === "outcomePublished");
    expect(run).toMatchObject({ state: "COMPLETED", attempt: 1 });
    expect(seen.at(-1)?.type).toBe("runFinished");
  });
});
