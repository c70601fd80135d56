import { parseArgs } from "node:util";
import { type CampaignReport, runCampaign } from "./campaign.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "40" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    gateways: { type: "string", default: "2" },
    side: { type: "string", default: "3" },
    seconds: { type: "string", default: "86400" },
    quiet: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
process.stdout.write(`Seed ${seed}: npm run torture -- --runs ${values.runs} --seed ${seed}\n`);
const report = await runCampaign({
  runs: Number(values.runs),
  seed,
  gateways: Number(values.gateways),
  side: Number(values.side),
  budgetMs: Number(values.seconds) * 1_000,
  say: (line) => values.quiet || process.stdout.write(`${line}\n`),
});
process.stdout.write(`\n${tableOf(report)}\n`);
process.exitCode = report.problems.length + report.leftovers.length === 0 ? 0 : 1;

/** What came of a campaign, to be read. */
function tableOf({ runs, ends, faults, readers, connections, events, spoiled, seconds, problems, leftovers }: CampaignReport): string {
  const rows = (counts: ReadonlyMap<string, number>) =>
    [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `  ${name.padEnd(34)} ${String(count).padStart(6)}`);
  return [
    `seed ${seed}, ${runs} runs in ${seconds.toFixed(0)} s`,
    ...rows(ends),
    "faults",
    ...rows(faults),
    `  ${"connections cut or frozen".padEnd(34)} ${String(spoiled).padStart(6)}`,
    "told",
    ...rows(
      new Map([
        ["readers", readers],
        ["connections", connections],
        ["events", events],
      ]),
    ),
    problems.length === 0 ? "Every promise was kept." : `${problems.length} promises were broken:`,
    ...[...problems.slice(0, 50), ...leftovers].map((problem) => `  ${problem}`),
  ].join("\n");
}
