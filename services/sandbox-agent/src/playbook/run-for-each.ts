import { Fault } from "@clew/fault/fault";
import type { PlaybookStep, StepOf } from "@clew/playbook/playbook-schema";
import { readList } from "./read-list.ts";
import type { StepDone } from "./run-step.ts";
import type { Findings } from "./step-context.ts";

/** Runs its steps once for each value, which has its name only meanwhile. More values than the limit are a failure before the first round. */
export async function runForEach(
  { for_each: name, in: list, limit, steps }: StepOf<"for_each">,
  { values }: Findings,
  runInner: (steps: readonly PlaybookStep[], list: string, round: string) => Promise<void>,
): Promise<StepDone> {
  const entries = typeof list === "string" ? readList(list) : list;
  if (entries.length > limit)
    throw new Fault("STEP_FAILED", { message: `The list for '${name}' has ${entries.length} values, and its limit is ${limit}.` });
  const before = values.get(name);
  try {
    for (const [round, entry] of entries.entries()) {
      values.set(name, entry);
      await runInner(steps, `${round + 1}.steps`, entry);
    }
  } finally {
    if (before === undefined) values.delete(name);
    else values.set(name, before);
  }
  return { skipped: entries.length === 0 };
}
