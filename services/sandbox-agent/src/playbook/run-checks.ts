import { Fault } from "@clew/fault/fault";
import { bindStep } from "@clew/playbook/bind-step";
import type { PlaybookCheck } from "@clew/playbook/playbook-schema";
import { linkSignals } from "@clew/streams/linked-signal";
import { waitUntilMet } from "./conditions.ts";
import type { Findings, StepContext } from "./step-context.ts";

/** Looks until all checks hold, each in its own time. Rejects with CHECK_FAILED, which names each that does not and says why. */
export async function runChecks(
  checks: readonly PlaybookCheck[],
  { values }: Pick<Findings, "values">,
  { active, signal, stopping }: Pick<StepContext, "active" | "signal" | "stopping">,
): Promise<void> {
  using link = linkSignals(signal, stopping);
  const results = await Promise.all(
    checks.map(async (check) => {
      const bound = bindStep(check, values);
      if (!("step" in bound)) return { name: check.name, unmet: bound.problems.map(({ field, message }) => `${field}: ${message}`) };
      return { name: bound.step.name, unmet: await waitUntilMet(bound.step, check.timeout_ms, active, link.signal) };
    }),
  );
  const failed = results.filter(({ unmet }) => unmet.length > 0);
  if (failed.length === 0) return;
  const list = failed.map(({ name, unmet }) => `'${name}' (${unmet.join("; ")})`).join(", ");
  throw new Fault("CHECK_FAILED", {
    message: `${failed.length} of ${checks.length} ${checks.length === 1 ? "check" : "checks"} failed: ${list}.`,
    details: { checks: failed.map(({ name }) => name).join(", ") },
  });
}
