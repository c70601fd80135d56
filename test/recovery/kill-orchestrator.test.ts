import { expect, it } from "vitest";
import { readSse } from "../support/doors.ts";
import { sandboxProcesses } from "../support/sandbox-processes.ts";
import { startSystem } from "../support/system.ts";

it("[weakness 1] goes on with a run whose orchestrator and gateway were killed in its midst, as if nothing had happened", async () => {
  await using system = await startSystem();
  const source = `id: slow
steps:
  - { action: goto, params: { url: "${system.backOffice.url}/login" } }
  - { action: wait_for, selector: "#never", params: { state: hidden } }
  - { action: wait_for, selector: "#later", params: { timeout_ms: 8000 }, on_failure: abort, failure_message: Nothing came }
`;
  const run = await system.clew.createRun(system.spec(source, { recording: { trace: true } }));
  const before: string[] = [];
  for await (const event of run.events()) {
    before.push(JSON.stringify(event));
    if (event.type === "actionStarted" && event.actionStarted.stepIndex === 2) break;
  }
  await system.restart(undefined, "kill");
  const all = await readSse(system, run.id);
  expect(all.slice(0, before.length)).toEqual(before);
  expect(all.map((line): number => JSON.parse(line).sequence)).toEqual(all.map((_, index) => index + 1));
  const ended = await system.clew.getRun(run.id);
  expect([ended.state, ended.attempt, ended.outcome?.error?.message]).toEqual(["FAILED", 1, "Nothing came"]);
  expect((await system.clew.run(run.id).artifacts()).map(({ name }) => name)).toContain("trace.zip");
  expect(sandboxProcesses(system.volume)).toEqual([]);
});
