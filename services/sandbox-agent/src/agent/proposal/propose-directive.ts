import { literal } from "@clew/playbook/placeholder";
import { writePlaybook } from "@clew/playbook/rewrite-playbook";
import type { Check } from "@clew/proto/grpc/clew/run/v1/run";
import { inputSummary } from "../../actions/input-summary.ts";
import type { WorkPlan } from "../../playbook/plan-work.ts";
import type { StepContext } from "../../playbook/step-context.ts";
import type { Deed } from "../perform-call.ts";
import { wordsOfCandidate } from "./candidate-words.ts";
import { keepProposal } from "./keep-proposal.ts";
import { type KnownValue, type TypedText, toTemplate, valuesOf } from "./known-values.ts";
import { lastingDeeds, writeStep } from "./written-step.ts";

const descriptionChars = 400;
const idChars = 60;

/**
 * Proposes a playbook that would do again what a directive's agent did: its steps by what they say on the page, and its values as parameters. Above them stands
 * which of them cannot be taken back.
 */
export async function proposeDirective(plan: WorkPlan, deeds: readonly Deed[], context: StepContext): Promise<void> {
  const lasting = lastingDeeds(deeds);
  await keepProposal(
    () => (lasting.length > 0 ? write(plan, lasting) : { problem: "the agent did nothing that a playbook would do" }),
    context,
  );
}

function write({ directive, spec, startUrl }: WorkPlan, deeds: readonly Deed[]): { text: string } | { problem: string } {
  const values = valuesOf(directive, spec.params ?? {}, deeds.flatMap(typedIn));
  const written = deeds.map((deed) => writeStep(deed, values));
  const problem = written.find((step) => "problem" in step);
  if (problem !== undefined && "problem" in problem) return problem;
  const steps = written.flatMap((step) => ("step" in step ? [step.step] : []));
  const used = values.filter(({ name }) => JSON.stringify(steps).includes(`{${name}}`));
  const secrets = [
    ...new Set(
      deeds.flatMap(({ step }) => ("params" in step && "credential_ref" in step.params ? [step.params.credential_ref ?? ""] : [])),
    ),
  ];
  const parameters = [
    ...used.map(({ name, value }) => ({ name, type: "string", description: describe(name, value, deeds) })),
    ...secrets.filter((name) => name !== "").map((name) => ({ name, secret: true })),
  ];
  const checks = spec.checks.map((check) => writeCheck(check, used));
  const text = writePlaybook(
    {
      id: idOf(directive),
      description: toTemplate(directive, []).slice(0, descriptionChars),
      ...(parameters.length > 0 && { parameters }),
      ...(startUrl !== undefined && { start_url: toTemplate(startUrl, used) }),
      steps,
      ...(checks.length > 0 && { checks }),
    },
    [
      "Proposed by a run of a directive: what its agent did, for a playbook that needs no model.",
      "Look at it before you use it: give it tags, and checks of what must be so at the end.",
      ...deeds.flatMap(({ step, effect }, at) =>
        effect === "commit" ? [`Step ${at + 1} does what cannot be taken back: ${inputSummary(step)}.`] : [],
      ),
    ],
  );
  return { text };
}

function typedIn({ step, foundBy }: Deed): TypedText[] {
  const text = (step.action === "fill" || step.action === "key_press") && step.params.text;
  return typeof text === "string" && text !== "" ? [{ field: wordsOfCandidate(foundBy), text }] : [];
}

function describe(name: string, value: string, deeds: readonly Deed[]): string {
  const field = deeds.flatMap(typedIn).find(({ text }) => text.includes(value))?.field;
  return literal(field === undefined || field === "" ? `The ${name.replaceAll("_", " ")}` : `What is entered into '${field}'`).slice(
    0,
    descriptionChars,
  );
}

function writeCheck(
  { name, urlContains, elementVisible, elementGone, textOnPage }: Check,
  values: readonly KnownValue[],
): Record<string, string> {
  const given = { url_contains: urlContains, element_visible: elementVisible, element_gone: elementGone, text_on_page: textOnPage };
  const written = Object.entries(given).flatMap(([key, text]) => (text === undefined ? [] : [[key, toTemplate(text, values)] as const]));
  return { name: literal(name), ...Object.fromEntries(written) };
}

function idOf(directive: string): string {
  const words = directive
    .replace(/https?:\/\/\S+/g, " ")
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, idChars)
    .replace(/-+$/, "");
  return words === "" ? "proposed" : words;
}
