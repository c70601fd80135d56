import { abortable } from "@clew/streams/abortable";
import { expect, it, vi } from "vitest";
import { caller, startRuns } from "./runs-test-kit.ts";

it("a thousand runs that wait are all there for the next orchestrator, and begin in their order", { timeout: 120_000 }, async () => {
  const begun: string[] = [];
  await using system = await startRuns({
    slots: 0,
    start: ({ runId }, { signal }) => {
      begun.push(runId);
      return abortable(new Promise<never>(() => {}), signal);
    },
  });
  const created: string[] = [];
  while (created.length < 1_000) created.push(...(await Promise.all(Array.from({ length: 50 }, () => system.create()))));
  await system.restart(undefined, 20);
  expect(system.runs.load).toMatchObject({ queued: 980, running: 20, unopened: 0 });
  const age = (id: string) => system.runs.get(id, caller).createTime?.getTime() ?? 0;
  const inOrder = created.toSorted((a, b) => age(a) - age(b) || (a < b ? -1 : 1));
  await vi.waitFor(() => expect(begun).toHaveLength(20), { timeout: 20_000 });
  expect(begun.toSorted()).toEqual(inOrder.slice(0, 20).toSorted());
});
