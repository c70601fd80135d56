import { bindStep } from "./bind-step.ts";
import type { Values } from "./bind-text.ts";
import { bindUrl } from "./bind-url.ts";
import { playbookLimits } from "./limits.ts";
import { nearestOf } from "./nearest.ts";
import { matchesPattern } from "./pattern.ts";
import type { Playbook, PlaybookParameter } from "./playbook-schema.ts";
import type { PlaybookProblem } from "./problem.ts";

/** The parameters' values as text, or all that is wrong with what was given. */
export type BoundParameters = { readonly values: Values } | { readonly problems: readonly PlaybookProblem[] };

/**
 * Checks what was given against what the playbook takes, fills in defaults, and tries every step with the values, so that a run with a value
 * that cannot stand in its place is refused before it begins. Fields are named `params.<name>`.
 */
export function bindParameters(playbook: Playbook, given: Readonly<Record<string, unknown>>): BoundParameters {
  const problems: PlaybookProblem[] = [];
  const values = new Map<string, string>();
  const known = playbook.parameters.map((parameter) => parameter.name);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const nearest = nearestOf(name, known);
    const hint =
      nearest === undefined ? `the playbook takes ${known.length === 0 ? "none" : known.join(", ")}` : `did you mean '${nearest}'?`;
    problems.push(problem(name, `is no parameter of this playbook; ${hint}`));
  }
  for (const parameter of playbook.parameters) {
    const value = Object.hasOwn(given, parameter.name) ? given[parameter.name] : parameter.default;
    if (value === undefined || value === null) {
      problems.push(problem(parameter.name, parameter.description === "" ? "is missing" : `is missing: ${parameter.description}`));
      continue;
    }
    const text = typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
    const message = text === undefined ? "must be a string" : valueProblem(parameter, text);
    if (text === undefined || message !== undefined) problems.push(problem(parameter.name, message ?? ""));
    else values.set(parameter.name, text);
  }
  if (problems.length === 0) problems.push(...misfits(playbook, values));
  return problems.length > 0 ? { problems } : { values };
}

function valueProblem(parameter: PlaybookParameter, value: string): string | undefined {
  if (value.length > playbookLimits.textChars) return `must have at most ${playbookLimits.textChars} characters`;
  if (parameter.type === "int" && !(/^-?\d{1,15}$/.test(value) && Number.isSafeInteger(Number(value)))) return "must be a whole number";
  if (parameter.type === "selector_text" && /[\r\n\0]/.test(value)) return "must be one line";
  if (parameter.pattern === undefined) return undefined;
  if (value.length > playbookLimits.patternedValueChars) return `must have at most ${playbookLimits.patternedValueChars} characters`;
  return matchesPattern(parameter.pattern, value) ? undefined : `must match ${parameter.pattern}`;
}

function misfits(playbook: Playbook, values: Values): readonly PlaybookProblem[] {
  const later = new Set(playbook.steps.flatMap((step) => step.store_as ?? []));
  const inSteps = playbook.steps.flatMap((step, index) => {
    const bound = bindStep(step, values, later);
    return "step" in bound
      ? []
      : bound.problems.map(({ field, message }) => ({ field: `steps[${index}].${field}`, message, line: 0, column: 0 }));
  });
  const start = playbook.start_url === undefined ? { text: "" } : bindUrl(playbook.start_url, values);
  return "problem" in start ? [{ field: "start_url", message: start.problem, line: 0, column: 0 }, ...inSteps] : inSteps;
}

function problem(name: string, message: string): PlaybookProblem {
  return { field: `params.${name}`, message, line: 0, column: 0 };
}
