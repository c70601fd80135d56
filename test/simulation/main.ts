import { parseArgs } from "node:util";
import { planOf, type Size } from "./plan.ts";
import { addRegressions, readRegressions } from "./regressions.ts";
import { replay, SimulationThread, simulate } from "./simulate.ts";
import type { Failure } from "./simulation-worker.ts";

const usage = `npm run simulate -- [--seeds 2000] [--seed 1] [--size small|medium|large] [--seconds 3600] [--workers 2] [--quick] [--replay SEED]

Makes histories of the whole service happen, each from a seed, and holds them against what must be true of every one.
--replay shows one history from its seed, thing by thing. --quick stops at the first failure, which is neither made smaller nor kept.
`;

const isSize = (text: string): text is Size => ["small", "medium", "large"].includes(text);
const say = (text: string) => process.stdout.write(`${text}\n`);

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "2000" },
      seed: { type: "string", default: "1" },
      size: { type: "string", default: "small" },
      seconds: { type: "string", default: "3600" },
      workers: { type: "string" },
      quick: { type: "boolean", default: false },
      replay: { type: "string" },
    },
  });
  const [count, from, budgetMs] = [Number(values.seeds), Number(values.seed), Number(values.seconds) * 1000];
  const workers = values.workers === undefined ? {} : { workers: Number(values.workers) };
  const { size, quick } = values;
  if (!isSize(size) || ![count, from, budgetMs, Number(values.workers ?? 1), Number(values.replay ?? 1)].every((value) => value > 0)) {
    process.stderr.write(usage);
    return 2;
  }
  if (values.replay !== undefined) return await show(Number(values.replay), size);
  const regressions = await readRegressions();
  const again = await replay(regressions.map(({ plan }) => plan));
  if (again.length > 0) return tell(again, size);
  const startedAt = performance.now();
  let told = startedAt;
  const onProgress = (done: number) => {
    if (performance.now() - told < 10_000) return;
    told = performance.now();
    say(`${done} histories, ${Math.round((done * 1000) / (told - startedAt))} a second`);
  };
  const { histories, steps, failures } = await simulate({ size, from, count, budgetMs, quick, ...workers, onProgress });
  if (!quick) await addRegressions(failures.map(({ plan, problems }) => ({ problem: problems[0] ?? "", plan })));
  const seconds = (performance.now() - startedAt) / 1000;
  say(`${histories} histories of ${steps} steps in ${seconds.toFixed(1)} s: ${(histories / seconds).toFixed(0)} a second`);
  return tell(failures, size);
}

function tell(failures: readonly Failure[], size: Size): number {
  for (const { plan, problems } of failures) {
    say(`\nseed ${plan.seed} fails (npm run simulate -- --size ${size} --replay ${plan.seed}):`);
    for (const problem of problems.slice(0, 10)) say(`  ${problem}`);
    say(`  ${JSON.stringify(plan)}`);
  }
  return failures.length > 0 ? 1 : 0;
}

async function show(seed: number, size: Size): Promise<number> {
  await using thread = new SimulationThread();
  const once = (await readRegressions()).find(({ plan }) => plan.seed === seed);
  const { history, failures, fingerprint } = await thread.do({ kind: "plan", plan: once?.plan ?? planOf(seed, size) });
  for (const { atMs, ...happening } of history?.happenings ?? []) say(`${atMs.toFixed(3).padStart(12)}  ${JSON.stringify(happening)}`);
  for (const { runId, records } of history?.logs ?? [])
    say(`${runId}: ${records.map(({ sequence, type }) => `${sequence} ${type}`).join(", ")}`);
  say(`${history?.ended}, ${history?.picks} steps, fingerprint ${fingerprint}`);
  return tell(failures, size);
}
