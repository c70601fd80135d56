import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSse } from "../support/doors.ts";
import { startSystem } from "../support/system.ts";

it("[weakness 17, 21] answers for a finished run from the volume alone, when the services were restarted and the registry is gone", async () => {
  await using system = await startSystem();
  const created = await system.clew.createRun({ ...(await system.cancelOrder()), labels: { team: "billing" } });
  const { run: before } = await created.result();
  const events = await readSse(system, before.id);
  await system.restart(async () => {
    for (const suffix of ["", "-wal", "-shm"]) await rm(join(system.volume, `registry.sqlite${suffix}`), { force: true });
  });
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
