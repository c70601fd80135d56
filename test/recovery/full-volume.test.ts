import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { readSse } from "../support/doors.ts";
import { sandboxProcesses } from "../support/sandbox-processes.ts";
import { mountSmallVolume } from "../support/small-volume.ts";
import { startSystem, waitingPlaybook } from "../support/system.ts";

it("ends live runs FAILED VOLUME_FULL when the volume is full, loses nothing that was seen, refuses new ones, and takes them again when there is room", async (context) => {
  await using small = await mountSmallVolume(context, 64);
  await using system = await startSystem({ CLEW_VOLUME: small.folder });
  const source = `id: short\nsteps:\n  - { action: goto, params: { url: "${system.backOffice.url}/login" } }\n`;
  const finished = await system.clew.createRun(system.spec(source));
  expect((await finished.result()).state).toBe("COMPLETED");
  const history = await readSse(system, finished.id);

  const run = await system.clew.createRun(system.spec(waitingPlaybook(system.backOffice.url)));
  const seen: string[] = [];
  let filler = "";
  for await (const event of run.events()) {
    seen.push(JSON.stringify(event));
    if (event.type === "actionStarted" && event.actionStarted.action === "wait_for") filler = await small.fill();
  }
  const ended = await run.result();
  expect([ended.state, ended.outcome?.error?.reason]).toEqual(["FAILED", "VOLUME_FULL"]);
  expect(seen.map((line): number => JSON.parse(line).sequence)).toEqual(seen.map((_, index) => index + 1));
  expect(await readSse(system, run.id)).toEqual(seen);
  expect(sandboxProcesses(system.volume)).toEqual([]);

  // The reserve was given up, and is not there again; what was written before is read as ever.
  await small.fill();
  const before = await readdir(join(small.folder, "runs"));
  const refused = await fetch(`${system.url}/v1/runs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ playbook: "hello" }),
  });
  expect([refused.status, (await refused.json()).error.reason, Number(refused.headers.get("retry-after")) > 0]).toEqual([
    429,
    "VOLUME_FULL",
    true,
  ]);
  expect(await readdir(join(small.folder, "runs"))).toEqual(before);
  expect(await readSse(system, finished.id)).toEqual(history);

  await rm(filler);
  const again = await vi.waitFor(() => system.clew.createRun(system.spec(waitingPlaybook(system.backOffice.url))), {
    timeout: 20_000,
    interval: 500,
  });
  await again.stop({ graceSeconds: 0 });
  expect((await again.result()).state).toBe("TERMINATED");
  expect(await readdir(small.folder)).toContain("reserve");
});
