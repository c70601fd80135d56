import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startSystem } from "../support/system.ts";

it("deletes a run that is over, for good, and no other", async () => {
  await using system = await startSystem();
  const run = await system.clew.createRun(await system.cancelOrder());
  await expect(system.clew.deleteRun(run.id)).rejects.toMatchObject({ reason: "RUN_NOT_TERMINAL" });
  await run.result();
  await system.clew.deleteRun(run.id);
  const isGone = async () => {
    await expect(system.clew.getRun(run.id)).rejects.toMatchObject({ reason: "RUN_DELETED" });
    await expect(Array.fromAsync(system.clew.run(run.id).events())).rejects.toMatchObject({ reason: "RUN_DELETED" });
    await expect(system.clew.run(run.id).artifacts()).rejects.toMatchObject({ reason: "RUN_DELETED" });
    expect(await Array.fromAsync(system.clew.listRuns())).toEqual([]);
    expect(await readdir(join(system.volume, "runs"))).toEqual([]);
  };
  await isGone();
  await system.restart(async () => {
    for (const suffix of ["", "-wal", "-shm"]) await rm(join(system.volume, `registry.sqlite${suffix}`), { force: true });
  });
  await isGone();
});
