import { createHash } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Run } from "@clew/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSse } from "../support/doors.ts";
import { type System, startSystem } from "../support/system.ts";

describe("services that are started again, and whose index is gone,", () => {
  let system: System;
  let before: Run;
  let events: readonly string[];
  let deleted: string;
  const expectDeleted = async () => {
    await expect(system.clew.getRun(deleted)).rejects.toMatchObject({ reason: "RUN_DELETED" });
    await expect(Array.fromAsync(system.clew.run(deleted).events())).rejects.toMatchObject({ reason: "RUN_DELETED" });
    await expect(system.clew.run(deleted).artifacts()).rejects.toMatchObject({ reason: "RUN_DELETED" });
    expect((await Array.fromAsync(system.clew.listRuns())).map(({ id }) => id)).toEqual([before.id]);
    expect(await readdir(join(system.volume, "runs"))).toEqual([before.id]);
  };
  beforeAll(async () => {
    system = await startSystem();
    const kept = await system.clew.createRun({
      ...(await system.cancelOrder("12345", { recording: { trace: true } })),
      labels: { team: "billing" },
    });
    const other = await system.clew.createRun(await system.cancelOrder("12346"));
    deleted = other.id;
    await expect(system.clew.deleteRun(deleted)).rejects.toMatchObject({ reason: "RUN_NOT_TERMINAL" });
    before = (await kept.result()).run;
    events = await readSse(system, before.id);
    await other.result();
    await system.clew.deleteRun(deleted);
    await expectDeleted();
    await system.restart(async () => {
      for (const suffix of ["", "-wal", "-shm"]) await rm(join(system.volume, `registry.sqlite${suffix}`), { force: true });
    });
  });
  afterAll(() => system?.[Symbol.asyncDispose]());

  it("[weakness 17, 21] answer for a finished run from the volume alone", async () => {
    expect(await system.clew.getRun(before.id)).toEqual(before);
    expect((await Array.fromAsync(system.clew.listRuns({ labels: { team: "billing" } }))).map(({ id }) => id)).toEqual([before.id]);
    expect(await readSse(system, before.id)).toEqual(events);
    const resumed = [];
    for await (const event of system.clew.run(before.id).events({ after: JSON.parse(events[9] ?? "").resumeToken }))
      resumed.push(JSON.stringify(event));
    expect(resumed).toEqual(events.slice(10));
    const trace = (await system.clew.run(before.id).artifacts()).find(({ name }) => name === "trace.zip");
    const bytes = new Uint8Array(await (await system.clew.run(before.id).artifact("trace.zip")).arrayBuffer());
    expect(bytes.byteLength).toBe(trace?.sizeBytes);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(trace?.sha256);
  });

  it("answer that a run is deleted which was over and deleted, and no other", () => expectDeleted());
});
