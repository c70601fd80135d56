import type { Fault } from "@clew/fault/fault";
import { bindStep } from "@clew/playbook/bind-step";
import type { CallStep, ForEachStep, IfStep, PlaybookStep } from "@clew/playbook/playbook-schema";
import { type KeptStep, type NewStep, rewriteSteps } from "@clew/playbook/rewrite-playbook";
import { effectOf } from "@clew/playbook/step-effect";
import { inputSummary } from "../../actions/input-summary.ts";
import type { PlaybookPlan } from "../../playbook/plan-work.ts";
import type { Findings, StepContext } from "../../playbook/step-context.ts";
import type { Deed } from "../perform-call.ts";
import { alignSteps } from "./align-steps.ts";
import { keepProposal } from "./keep-proposal.ts";
import { type KnownValue, toTemplates } from "./known-values.ts";
import { lastingDeeds, writeStep } from "./written-step.ts";

/** A playbook that failed, and what an agent did in its place. */
export interface Recovered {
  readonly plan: PlaybookPlan;
  readonly failedAt: number;
  readonly fault: Fault;
  readonly deeds: readonly Deed[];
  readonly findings: Findings;
}

/** Proposes what the playbook would have to be like so that it had not failed: as an artifact beside it, with what changed said at its top. */
export async function proposeRecovered(recovered: Recovered, context: StepContext): Promise<void> {
  await keepProposal(() => rewrite(recovered), context);
}

function rewrite({ plan, failedAt, fault, deeds, findings }: Recovered): { text: string } | { problem: string } {
  const { playbook, source } = plan;
  if (playbook.steps.slice(failedAt).some(holdsOthers)) return { problem: "what is left of the playbook has steps within steps" };
  const values = parameterValues(plan, findings);
  const remaining = playbook.steps.slice(failedAt).map((template) => boundOf(template, findings));
  const steps: (KeptStep | NewStep)[] = playbook.steps.slice(0, failedAt).map((_, kept) => ({ kept }));
  const why = [`Proposed by a run of '${playbook.id}' in which step ${failedAt + 1} failed: ${fault.message}`];
  for (const { at, deed } of alignSteps(remaining, lastingDeeds(deeds))) {
    const place = at === undefined ? "" : `Step ${failedAt + at + 1}`;
    const template = at === undefined ? undefined : remaining[at];
    if (template === undefined || at === undefined) {
      const written = deed === undefined ? { problem: "nothing was done" } : writeStep(deed, values);
      if ("problem" in written) return written;
      steps.push(written);
      why.push(`New: ${deed === undefined ? "" : inputSummary(deed.step)}.`);
    } else if (deed !== undefined) {
      const found = toTemplates(deed.foundBy, values);
      if (at === 0 && deed.foundBy === undefined && "selector" in template)
        return { problem: `nothing tells the element of step ${failedAt + 1} from others` };
      const isVerify = at === 0 && fault.reason === "VERIFICATION_FAILED";
      steps.push({
        kept: failedAt + at,
        withoutVerify: isVerify,
        ...(found !== undefined && (at === 0 ? { foundBy: found } : { alsoFoundBy: found })),
      });
      if (at === 0) why.push(`${place} looks for ${JSON.stringify(deed.foundBy)} first.`);
      if (isVerify) why.push(`${place} no longer has its verify, which did not hold.`);
    } else if (at > 0 && onlyLooks(template)) {
      steps.push({ kept: failedAt + at });
    } else {
      why.push(`${place} is gone: the work was done without it (${inputSummary(template)}).`);
    }
  }
  if (steps.length === 0) return { problem: "the agent did nothing that a playbook could do" };
  const text = rewriteSteps(source, steps, why);
  return text === undefined ? { problem: "its steps are not written as a list" } : { text };
}

/** The values a playbook was given, by the names of its parameters; never secret ones. */
function parameterValues({ playbook }: PlaybookPlan, { values }: Findings): readonly KnownValue[] {
  return playbook.parameters
    .filter(({ secret, type }) => !secret && type !== "list" && type !== "boolean")
    .flatMap(({ name }) => ((values.get(name) ?? "").length < 2 ? [] : [{ name, value: values.get(name) ?? "" }]));
}

function boundOf(template: PlaybookStep, { values }: Findings): PlaybookStep {
  const bound = bindStep(template, values);
  return "step" in bound ? bound.step : template;
}

function holdsOthers(step: PlaybookStep): step is IfStep | ForEachStep | CallStep {
  return step.action === "if" || step.action === "for_each" || step.action === "call";
}

function onlyLooks(step: PlaybookStep): boolean {
  return !holdsOthers(step) && effectOf(step) === "read";
}
