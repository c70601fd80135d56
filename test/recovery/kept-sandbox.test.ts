import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { RunHandle, RunSpec } from "@clew/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { sandboxProcess, sandboxProcesses } from "../support/sandbox-processes.ts";
import { type System, startSystem } from "../support/system.ts";

const longMs = 240_000;
const secret = "demo-Ariadne";

describe("a sandbox that is kept while its orchestrator ends", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ CLEW_MAX_CONCURRENT_RUNS: "1" });
  }, longMs);
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
  });

  const create = (steps: readonly object[], more: Partial<RunSpec> = {}) =>
    system.clew.createRun(system.spec(JSON.stringify({ id: "kept", steps }), more));
  const fillIn = () => [
    { action: "goto", params: { url: `${system.backOffice.url}/login` } },
    { action: "key_press", selector: "input[name=username]", params: { credential_ref: "username" } },
  ];
  const look = [
    { action: "evaluate", params: { script: "return document.querySelector('input[name=username]').value" }, store_as: "typed" },
  ];
  const waitForever = { action: "wait_for", selector: "#never", params: { timeout_ms: 60_000 } };
  const leave = async (keepAliveSeconds: number) => {
    const run = await create(fillIn(), { keepAliveSeconds, credentials: { username: secret } });
    expect(await run.result()).toMatchObject({ state: "COMPLETED" });
    return run;
  };
  const continueFrom = ({ id }: Pick<RunHandle, "id">, steps: readonly object[], more: Partial<RunSpec> = {}) =>
    create(steps, { continueFrom: id, ...more });
  const noneIsLeft = () =>
    vi.waitFor(
      () => {
        expect(sandboxProcesses(system.volume)).toEqual([]);
        for (const folder of ["warm", "kept"]) expect(readdirSync(join(system.volume, folder))).toEqual([]);
      },
      { timeout: 60_000, interval: 100 },
    );

  it("is there for the next one, with its browser, and what was secret stays so, whoever dies in between", async () => {
    const parent = await leave(600);
    const browser = sandboxProcess(system.volume, "browser");
    await system.restart(undefined, "kill");
    expect(sandboxProcess(system.volume, "browser")).toEqual(browser);

    const child = await continueFrom(parent, look, { keepAliveSeconds: 600 });
    expect(await child.result()).toMatchObject({ state: "COMPLETED", outcome: { data: { typed: "[redacted]" } } });
    await system.services.handOver();
    await system.restart(undefined, "kill");

    const last = await continueFrom(child, [...look, waitForever]);
    for await (const event of last.events()) if (event.type === "actionStarted" && event.actionStarted.action === "wait_for") break;
    await system.restart(undefined, "kill");
    // Its log is kept only where all that is to be masked in it is known.
    process.kill(sandboxProcess(system.volume, "agent").pid, "SIGKILL");
    const run = system.clew.run(last.id);
    expect(await run.result()).toMatchObject({ state: "FAILED", outcome: { error: { reason: "SANDBOX_LOST" } } });
    const log = await (await run.artifact("sandbox-1.log")).text();
    expect(log).toContain("--- agent ---");
    const told = JSON.stringify([log, await Array.fromAsync(run.events()), await Array.fromAsync(system.clew.run(child.id).events())]);
    expect(told).not.toContain(secret);
    await noneIsLeft();
  }, 240_000);

  it("ends at its time, where its place is needed, or with all that runs, and nothing of it is left", async () => {
    const parent = await leave(5);
    await system.restart(undefined, "kill");
    await noneIsLeft();
    await expect(continueFrom(parent, look)).rejects.toMatchObject({ reason: "PARENT_GONE" });

    const other = await leave(600);
    await system.restart(undefined, "kill");
    // There is one slot.
    expect(await (await create(fillIn().slice(0, 1))).result()).toMatchObject({ state: "COMPLETED" });
    await expect(continueFrom(other, look)).rejects.toMatchObject({ reason: "PARENT_GONE" });
    await noneIsLeft();

    const last = await leave(600);
    // All is stopped, and nothing handed over.
    await system.restart(noneIsLeft);
    await expect(continueFrom(last, look)).rejects.toMatchObject({ reason: "PARENT_GONE" });
  }, 240_000);
});
