import type { Fault } from "@clew/fault/fault";
import { bindStep } from "@clew/playbook/bind-step";
import type { Playbook, PlaybookStep } from "@clew/playbook/playbook-schema";
import type { Redact } from "@clew/playbook/redact";
import { walkSteps } from "@clew/playbook/walk-steps";
import { inputSummary } from "../actions/input-summary.ts";
import { publicAddress } from "../browser/address.ts";
import type { PlaybookPlan } from "../playbook/plan-work.ts";
import type { Findings } from "../playbook/step-context.ts";
import type { AgentScope } from "./agent-scope.ts";
import { calledBy } from "./called-steps.ts";
import { filterText } from "./scope/filter-observation.ts";

/** What an agent is told that takes over from a playbook. */
export interface Handover {
  readonly plan: PlaybookPlan;
  /** The index of the step that failed. */
  readonly failedAt: number;
  readonly fault: Fault;
  readonly findings: Findings;
  readonly scope: Pick<AgentScope, "markUntrusted">;
  readonly credentials: readonly string[];
  readonly redact: Redact;
}

const stepChars = 600;
const stepsChars = 12_000;
const valuesChars = 4_000;

/** What stands for a directive where a playbook is handed over: its author's own words about what is left, without values. */
export function handoverDirective(
  { name, id, description }: Playbook,
  remaining: readonly PlaybookStep[],
  called: readonly Playbook[] = [],
): string {
  const ofSteps = (steps: readonly PlaybookStep[]) =>
    [...walkSteps(steps)].flatMap(({ step }) => [step.description, inputSummary(step), ...addressesOf(step)]);
  const ofCalled = called.flatMap((other) => [other.name ?? other.id, other.description, ...ofSteps(other.steps)]);
  return [name ?? id, description, ...ofSteps(remaining), ...ofCalled].filter((text) => text !== "").join("\n");
}

/** What the data of the agent's result must hold: what the steps that are left would have stored. */
export function wantedData(remaining: readonly PlaybookStep[]): Record<string, unknown> | undefined {
  const types = { text: "string", number: "number", integer: "integer", boolean: "boolean" } as const;
  const named = remaining.flatMap((step): readonly (readonly [string, object])[] => {
    if (step.action === "call") return Object.keys(step.outputs).map((name) => [name, {}]);
    if (!("store_as" in step) || step.store_as === undefined) return [];
    const type = step.store_type === undefined || step.store_type === "json" ? undefined : types[step.store_type];
    return [[step.store_as, type === undefined ? {} : { type }] as const];
  });
  if (named.length === 0) return undefined;
  return { type: "object", properties: Object.fromEntries(named), required: named.map(([name]) => name) };
}

/** The names that the steps which are left would have stored something under, those within others too. */
export function namesToStore(remaining: readonly PlaybookStep[]): ReadonlySet<string> {
  return new Set(
    [...walkSteps(remaining)].flatMap(({ step }) => {
      if (step.action === "call") return Object.keys(step.outputs);
      return "store_as" in step && step.store_as !== undefined ? [step.store_as] : [];
    }),
  );
}

/** Says what is left to do, what failed, and what is known. What pages said is marked; secrets have their names only. */
export function describeHandover({ plan, failedAt, fault, findings, scope, credentials, redact }: Handover): string {
  const { playbook, spec } = plan;
  const secret = new Set(playbook.parameters.filter((parameter) => parameter.secret).map(({ name }) => name));
  const given = playbook.parameters.flatMap(({ name }) => (secret.has(name) ? [] : [[name, findings.values.get(name) ?? ""] as const]));
  const stored = [...findings.stored];
  const remaining = playbook.steps.slice(failedAt);
  const steps = remaining.map((step, at) => `${failedAt + at + 1}. ${describeStep(step, findings, redact)}`);
  const called = calledBy(remaining, plan.calledPlaybooks).map((other) => describeCalled(other, findings, redact));
  return [
    `The task: finish '${playbook.name ?? playbook.id}', which stopped at step ${failedAt + 1}. ${playbook.description}`,
    given.length > 0 && `Values for it: ${cut(JSON.stringify(redact(Object.fromEntries(given))), valuesChars)}`,
    stored.length > 0 &&
      `What it read so far: ${scope.markUntrusted(cut(JSON.stringify(redact({ data: Object.fromEntries(stored) }).data), valuesChars))}`,
    `Why it stopped: ${scope.markUntrusted(redact(fault.message))}`,
    `Steps that are left, as they were written; the page may have changed since. What step ${failedAt + 1} was to do may be done already: look first.`,
    cut([...steps, ...called].join("\n"), stepsChars),
    credentials.length > 0 && `Secrets there are, by name: ${credentials.join(", ")}`,
    spec.files.length > 0 && `Files there are: ${spec.files.map(({ name }) => name).join(", ")}`,
  ]
    .filter((part) => part !== false)
    .join("\n");
}

/** The steps of a playbook that is called, with the names of its parameters in the place of their values. */
function describeCalled({ id, description, steps }: Playbook, { stored }: Findings, redact: Redact): string {
  const own = steps.map((step, at) => `${at + 1}. ${describeStep(step, { values: new Map(), stored }, redact)}`);
  return [`'${id}', which is called: ${description}`, ...own].join("\n");
}

/** What steps read of a page stands as `{name}` among the author's words. */
function describeStep(template: PlaybookStep, { values, stored }: Pick<Findings, "values" | "stored">, redact: Redact): string {
  const bound = bindStep(template, values, new Set(stored.keys()));
  const step = "step" in bound ? bound.step : template;
  const { on_failure: _, failure_message: __, ...rest } = { on_failure: "", failure_message: "", ...step };
  return cut(filterText(redact(`${inputSummary(step)}: ${JSON.stringify(rest)}`)).text, stepChars);
}

function addressesOf(step: PlaybookStep): string[] {
  const url = step.action === "goto" ? step.params.url : step.action === "api_request" ? step.request.url : "";
  return URL.canParse(url) ? [publicAddress(url)] : [];
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
