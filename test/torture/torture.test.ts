import { expect, it } from "vitest";
import { runCampaign } from "./campaign.ts";

/** A seed of the day's own: what fails is said with its seed, and `npm run torture -- --runs 40 --seed …` does it again. */
const seed = Math.floor(Date.now() / 86_400_000);
/** As many runs as 100 s of beginning them allow, which leaves the last ones time to end; on a slow machine it takes longer rather than less. */
const [runs, atLeast, budgetMs] = [40, 8, 100_000];

it("whatever is killed, paused, cut or restarted, every reader at every door has each event once, in order, to the end", {
  timeout: 400_000,
}, async () => {
  const log: string[] = [];
  const report = await runCampaign({ runs, atLeast, seed, budgetMs, say: (line) => log.push(line) });
  process.stdout.write(`torture: ${report.runs} of ${runs} runs in ${report.seconds.toFixed(0)} s, seed ${seed}\n`);
  expect(report.problems, `seed ${seed}\n${log.join("\n")}`).toEqual([]);
  expect(report.leftovers, `seed ${seed}\n${log.join("\n")}`).toEqual([]);
  expect(report.runs).toBeGreaterThanOrEqual(atLeast);
  expect(report.faults.size).toBeGreaterThan(3);
  expect(report.spoiled).toBeGreaterThan(0);
});
