import { expect, it } from "vitest";
import { startSystem, waitingPlaybook } from "../support/system.ts";

it("lists newest first, in pages that a run created meanwhile does not shift", async () => {
  await using system = await startSystem({ CLEW_MAX_CONCURRENT_RUNS: "1" });
  const create = (labels = {}) => system.clew.createRun(system.spec(waitingPlaybook(system.backOffice.url), { labels }));
  const made: string[] = [];
  for (let n = 0; n < 5; n++) made.push((await create({ round: String(n) })).id);
  const page = async (query: string): Promise<{ runs: { id: string; state: string }[]; nextPageToken: string }> =>
    (await fetch(`${system.url}/v1/runs?${query}`)).json();
  const first = await page("pageSize=2");
  expect(first.runs.map(({ id }) => id)).toEqual([made[4], made[3]]);
  made.push((await create()).id);
  const second = await page(`pageSize=2&pageToken=${first.nextPageToken}`);
  expect(second.runs.map(({ id }) => id)).toEqual([made[2], made[1]]);
  const last = await page(`pageSize=2&pageToken=${second.nextPageToken}`);
  expect([last.runs.map(({ id }) => id), last.nextPageToken]).toEqual([[made[0]], ""]);
  expect((await page("label=round:3")).runs.map(({ id }) => id)).toEqual([made[3]]);
  const other = await fetch(`${system.url}/v1/runs?pageSize=2&state=FAILED&pageToken=${first.nextPageToken}`);
  expect([other.status, (await other.json()).error.reason]).toEqual([400, "INVALID_REQUEST"]);
  for (const id of made.slice(1)) await system.clew.run(id).stop();
  await system.clew.run(made[0] ?? "").stop({ graceSeconds: 0 });
  for (const id of made) expect((await system.clew.run(id).result()).state).toBe("TERMINATED");
  expect((await page("state=TERMINATED&pageSize=100")).runs).toHaveLength(6);
});
