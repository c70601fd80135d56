import { bindStep } from "./bind-step.ts";
import type { Values } from "./bind-text.ts";
import { nearestOf } from "./nearest.ts";
import type { Playbook } from "./playbook-schema.ts";
import { formatPath, type PlaybookProblem } from "./problem.ts";
import { storedNames } from "./stored-names.ts";
import { takeValue } from "./take-value.ts";
import { walkSteps, walkSureSteps } from "./walk-steps.ts";

/** The parameters' values as text, or all that is wrong with what was given. */
export type BoundParameters = { readonly values: Values } | { readonly problems: readonly PlaybookProblem[] };

/**
 * Checks what was given against what the playbook takes, fills in defaults, and tries every step with the values that is not under an `if`, so that a run
 * with a value that cannot stand in its place is refused before it begins. Fields are named `params.<name>`. Secret parameters are not among them: their values
 * are credentials. A list becomes JSON.
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
    const isGiven = Object.hasOwn(given, parameter.name);
    if (parameter.secret) {
      if (isGiven) problems.push(problem(parameter.name, "is a secret; give it among the run's credentials, under the same name"));
      continue;
    }
    const value = isGiven ? given[parameter.name] : parameter.default;
    if (value === undefined || value === null) {
      problems.push(problem(parameter.name, parameter.description === "" ? "is missing" : `is missing: ${parameter.description}`));
      continue;
    }
    const taken = takeValue(parameter, value);
    if ("problem" in taken) problems.push(problem(parameter.name, taken.problem));
    else values.set(parameter.name, taken.text);
  }
  if (problems.length === 0) problems.push(...misfits(playbook, values));
  return problems.length > 0 ? { problems } : { values };
}

function misfits(playbook: Playbook, values: Values): readonly PlaybookProblem[] {
  const later = new Set(playbook.parameters.filter(({ secret }) => secret).map(({ name }) => name));
  const { capture } = playbook;
  for (const { store_as: name } of [...(capture?.cookies ?? []), ...(capture?.storage ?? [])]) later.add(name);
  for (const { step } of walkSteps(playbook.steps)) for (const name of storedNames(step)) later.add(name);
  const parts = [
    { part: { start_url: playbook.start_url ?? "" }, path: "" },
    { part: { auth: playbook.auth, checks: playbook.checks }, path: "" },
    ...[...walkSureSteps(playbook.steps)].map(({ step, path }) => ({ part: step, path: `${formatPath(path)}.` })),
  ];
  return parts.flatMap(({ part, path }) => {
    const bound = bindStep<unknown>(part, values, later);
    return "step" in bound ? [] : bound.problems.map(({ field, message }) => ({ field: `${path}${field}`, message, line: 0, column: 0 }));
  });
}

function problem(name: string, message: string): PlaybookProblem {
  return { field: `params.${name}`, message, line: 0, column: 0 };
}
