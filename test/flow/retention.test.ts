import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readSse } from "../support/doors.ts";
import { type System, startSystem } from "../support/system.ts";

describe("a run that was kept for long enough", () => {
  let system: System;
  let folder: string;
  let keep: (retention: object) => Promise<void>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "clew-test-"));
    const config = join(folder, "clew.yaml");
    keep = (retention) => writeFile(config, JSON.stringify({ CLEW_RETENTION: retention }));
    await keep({});
    system = await startSystem({ CLEW_CONFIG: config });
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  it("loses its artifacts first, then itself, and every door says so", async () => {
    const run = await system.clew.createRun(await system.cancelOrder("12345", { recording: { trace: true } }));
    await run.result();
    const { resumeToken } = await run.get();
    const events = await readSse(system, run.id);
    const at = (path: string) => fetch(`${system.url}/v1/runs/${run.id}${path}`);
    const reasonAt = async (path: string) => {
      const response = await at(path);
      return [response.status, JSON.parse(await response.text()).error.reason];
    };

    // A round of removal goes over what is old enough when the service starts; the next one is a minute later.
    await wait(1_000);
    await system.restart(() => keep({ artifacts: "1s" }));
    await vi.waitFor(async () => expect((await system.clew.run(run.id).artifacts()).every(({ deleteTime }) => deleteTime)).toBe(true), {
      timeout: 30_000,
    });
    expect(await reasonAt("/artifacts/trace.zip")).toEqual([404, "ARTIFACT_EXPIRED"]);
    expect(await readSse(system, run.id)).toEqual(events);

    await system.restart(async () => {
      await keep({ tenants: { default: { events: "1s" } } });
      for (const suffix of ["", "-wal", "-shm"]) await rm(join(system.volume, `registry.sqlite${suffix}`), { force: true });
    });
    await vi.waitFor(async () => expect(await reasonAt("")).toEqual([404, "RUN_EXPIRED"]), { timeout: 30_000 });
    expect(await reasonAt("/stream")).toEqual([404, "RUN_EXPIRED"]);
    expect(await reasonAt("/events")).toEqual([404, "RUN_EXPIRED"]);
    await expect(Array.fromAsync(system.clew.run(run.id).events())).rejects.toMatchObject({ reason: "RUN_EXPIRED" });

    // Whoever had begun to read is told that the rest is gone, not that there was nothing.
    expect((await reasonAt(`/events?after=${resumeToken}`))[1]).toBe("EXPIRED");
    const told = await (await at(`/stream?after=${resumeToken}`)).text();
    expect(told).toMatch(/^retry: 3600000\nid: \nevent: reset\ndata: {"reason":"EXPIRED","earliest":""}$/m);
  });
});
