import type { Fault } from "@clew/fault/fault";
import { checkOutput, unfitNames } from "../playbook/check-output.ts";
import type { WorkPlan } from "../playbook/plan-work.ts";
import type { Findings, StepContext } from "../playbook/step-context.ts";
import { askForValue } from "./ask-for-value.ts";
import { dataOf, keepData } from "./keep-data.ts";
import { viewPage } from "./page-view.ts";

const everything = { filterNodes: <T>(nodes: T) => nodes, judgePage: () => undefined, markUntrusted: (text: string) => text };

/**
 * Looks whether the data that steps stored fits the run's `outputSchema`. Where it does not and the run has a model, that reads what is asked for out of what was
 * extracted and the final page, once; the schema decides about that too. What steps stored and the schema takes stays. Answers why it does not fit.
 */
export async function completeOutput(
  { spec, outputSchema }: Pick<WorkPlan, "spec" | "outputSchema">,
  findings: Findings,
  context: StepContext,
): Promise<Fault | undefined> {
  const { askModel, redact } = context;
  const unfit = checkOutput(outputSchema, findings.stored);
  if (unfit === undefined || askModel === undefined || spec.outputSchema === undefined) return unfit;
  const page = await viewPage(context, everything);
  const known = JSON.stringify(redact({ data: Object.fromEntries(findings.stored) }).data);
  const content = [`Known: ${known}`, ...findings.texts.map(redact), page.text].join("\n\n");
  const question = "The result of the work, with what is known already as it is.";
  const data = await askForValue({ question, content, schema: spec.outputSchema }, askModel, context);
  const unfitting = unfitNames(outputSchema, findings.stored);
  const read = Object.entries(dataOf(redact({ data }).data)).filter(([name]) => !findings.stored.has(name) || unfitting.has(name));
  const stillUnfit = checkOutput(outputSchema, new Map([...findings.stored, ...read]));
  if (stillUnfit === undefined) keepData(Object.fromEntries(read), findings);
  return stillUnfit;
}
