import { expect, it } from "vitest";
import { startSystem } from "../support/system.ts";

it("[weakness 22] fails the run with the playbook's own message, and keeps the failed step with a picture of the page", async () => {
  await using system = await startSystem();
  const run = await system.clew.createRun(await system.cancelOrder("99999"));
  const { state, outcome } = await run.result();
  expect(state).toBe("FAILED");
  expect(outcome.error?.message).toContain("There is no order 99999.");
  const events = await Array.fromAsync(run.events());
  const failed = events.flatMap((event) => (event.type === "stepCompleted" && !event.stepCompleted.success ? [event.stepCompleted] : []));
  expect(failed).toHaveLength(1);
  const [step] = failed;
  expect(step?.error?.message).toContain("There is no order 99999.");
  const picture = await run.artifact(step?.screenshot ?? "");
  expect(picture.headers.get("content-type")).toBe("image/jpeg");
  expect([...new Uint8Array(await picture.arrayBuffer()).subarray(0, 2)]).toEqual([0xff, 0xd8]);
});
