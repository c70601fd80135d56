import type { Plan, RunPlan } from "./plan.ts";

/** The most plans that are tried to make one smaller. */
const mostTries = 300;

/** Makes a plan that fails as small as it can be made one piece at a time. */
export async function shrink(plan: Plan, fails: (smaller: Plan) => Promise<boolean>): Promise<Plan> {
  let smallest = plan;
  let tries = 0;
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const candidate of smallerPlans(smallest)) {
      if (++tries > mostTries) return smallest;
      if (!(await fails(candidate))) continue;
      smallest = candidate;
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

/** Every plan that lacks one piece of this one, those that lack most first. */
function* smallerPlans(plan: Plan): Generator<Plan> {
  const { faults, readers, runs, gateways } = plan;
  const lastRun = runs.length - 1;
  if (lastRun > 0) yield { ...plan, runs: runs.slice(0, lastRun), readers: readers.filter(({ run }) => run < lastRun) };
  for (const index of faults.keys()) yield { ...plan, faults: faults.toSpliced(index, 1) };
  for (const index of readers.keys()) yield { ...plan, readers: readers.toSpliced(index, 1) };
  for (const [index, run] of runs.entries()) for (const smaller of smallerRuns(run)) yield { ...plan, runs: runs.with(index, smaller) };
  if (gateways > 1) yield { ...plan, gateways: 1 };
  for (const [index, reader] of readers.entries()) {
    if (reader.slowMs > 0) yield { ...plan, readers: readers.with(index, { ...reader, slowMs: 0 }) };
    if (reader.afterMs > 0) yield { ...plan, readers: readers.with(index, { ...reader, afterMs: 0 }) };
    if (reader.types.length > 0) yield { ...plan, readers: readers.with(index, { ...reader, types: [] }) };
  }
}

function* smallerRuns(run: RunPlan): Generator<RunPlan> {
  for (const index of run.steps.keys()) yield { ...run, steps: run.steps.toSpliced(index, 1) };
  if (run.stop !== undefined) yield { ...run, stop: undefined };
  if (run.ending !== "completed") yield { ...run, ending: "completed" };
  if (run.atMs > 0) yield { ...run, atMs: 0 };
}
