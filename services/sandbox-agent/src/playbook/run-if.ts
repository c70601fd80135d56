import type { PlaybookStep, StepOf } from "@clew/playbook/playbook-schema";
import { linkSignals } from "@clew/streams/linked-signal";
import { waitUntilMet } from "./conditions.ts";
import type { StepDone } from "./run-step.ts";
import type { StepContext } from "./step-context.ts";

/** Looks whether the condition comes to hold in its time, and runs one list of steps or the other; where that is empty, the step is skipped. */
export async function runIf(
  { if: condition, then: met, else: unmet }: StepOf<"if">,
  { active, signal, stopping }: StepContext,
  runInner: (steps: readonly PlaybookStep[], list: "then" | "else") => Promise<void>,
): Promise<StepDone> {
  using link = linkSignals(signal, stopping);
  const missing = await waitUntilMet(condition, condition.timeout_ms, active, link.signal);
  const [steps, list] = missing.length === 0 ? ([met, "then"] as const) : ([unmet, "else"] as const);
  await runInner(steps, list);
  return { skipped: steps.length === 0 };
}
