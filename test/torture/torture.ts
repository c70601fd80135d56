import { parseArgs } from "node:util";
import { untilSignal } from "@clew/process/until-signal";
import { type CampaignReport, runCampaign, type Tier } from "./campaign.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "40" },
    short: { type: "boolean", default: false },
    chained: { type: "boolean", default: false },
    sandbox: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    gateways: { type: "string", default: "2" },
    side: { type: "string" },
    seconds: { type: "string", default: "86400" },
    quiet: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const kind = values.short ? "short" : values.chained ? "chained" : "told";
/** Short runs wait for pages, kills and restarts more than they compute. */
const side = values.side ?? (values.short ? "6" : "3");
const stint = { runs: Number(values.runs), budgetMs: Number(values.seconds) * 1_000 };
process.stdout.write(`Seed ${seed}: npm run torture -- ${kind === "told" ? "" : `--${kind} `}--runs ${values.runs} --seed ${seed}\n`);
const enough = new AbortController();
void untilSignal().then(() => enough.abort());
const report = await runCampaign({
  [kind]: stint,
  seed,
  tier: tierOf(values.sandbox),
  gateways: Number(values.gateways),
  side: Number(side),
  signal: enough.signal,
  say: (line) => values.quiet || process.stdout.write(`${line}\n`),
});
process.stdout.write(`\n${tableOf(report)}\n`);
process.exitCode = report.problems.length + report.leftovers.length === 0 ? 0 : 1;

/** By turns both, unless one is named. */
function tierOf(name: string | undefined): Tier | undefined {
  if (name === undefined || name === "bubblewrap" || name === "process") return name;
  throw new Error(`--sandbox is bubblewrap or process, and not ${name}`);
}

/** How often somebody was killed. */
function killedIn(faults: CampaignReport["faults"]): number {
  return [...faults].reduce((sum, [what, count]) => (what.endsWith(": nobody") ? sum : sum + count), 0);
}

/** What came of a campaign, to be read. */
function tableOf(report: CampaignReport): string {
  const { seed, runs, tiers, warm, ends, faults, readers, connections, events, spoiled, seconds, problems, leftovers } = report;
  const rows = (counts: ReadonlyMap<string, number>) =>
    [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `  ${name.padEnd(36)} ${String(count).padStart(6)}`);
  const told = new Map([
    ["readers", readers],
    ["connections", connections],
    ["events", events],
  ]);
  return [
    `seed ${seed}, ${runs} runs in ${seconds.toFixed(0)} s`,
    ...rows(new Map([...tiers, ["in a sandbox that had waited", warm]])),
    "ends",
    ...rows(ends),
    "faults",
    ...rows(
      new Map([...faults, ["connections cut or frozen", spoiled], ...(values.short ? [["killed in all", killedIn(faults)] as const] : [])]),
    ),
    "told",
    ...rows(told),
    problems.length === 0 ? "Every promise was kept." : `${problems.length} promises were broken:`,
    ...problems.slice(0, 50).map((problem) => `  ${problem}`),
    leftovers.length === 0 ? "Nothing was left." : `${leftovers.length} things were left:`,
    ...leftovers.slice(0, 50).map((left) => `  ${left}`),
  ].join("\n");
}
