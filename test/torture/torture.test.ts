import { expect, it } from "vitest";
import { runCampaign } from "./campaign.ts";

/** A seed of the day's own: what fails is said with its seed, and `npm run torture -- --runs 40 --seed …` does it again. */
const seed = Math.floor(Date.now() / 86_400_000);
/** As many runs as the time for beginning them allows, which leaves the last ones time to end; on a slow machine it takes longer rather than less. */
const told = { runs: 40, atLeast: 8, budgetMs: 60_000 };
const short = { runs: 20, atLeast: 4, budgetMs: 20_000 };

it("whatever is killed, paused, cut or restarted, every reader has each event once, in order, to the end, and nothing is left", {
  timeout: 400_000,
}, async () => {
  const log: string[] = [];
  const report = await runCampaign({ told, short, seed, say: (line) => log.push(line) });
  process.stdout.write(`torture: ${report.runs} of ${told.runs + short.runs} runs in ${report.seconds.toFixed(0)} s, seed ${seed}\n`);
  expect(report.problems, `seed ${seed}\n${log.join("\n")}`).toEqual([]);
  expect(report.leftovers, `seed ${seed}\n${log.join("\n")}`).toEqual([]);
  expect(report.runs).toBeGreaterThanOrEqual(told.atLeast + short.atLeast);
  expect([...report.tiers.keys()].sort()).toEqual(["bubblewrap", "process"]);
  expect(report.faults.size).toBeGreaterThan(3);
  expect(report.spoiled).toBeGreaterThan(0);
});
