import { mapTemplates } from "./map-templates.ts";
import { nearestOf } from "./nearest.ts";
import { namesIn } from "./placeholder.ts";
import type { Playbook } from "./playbook-schema.ts";
import { parsePath } from "./problem.ts";
import type { PlaybookStep, StepOf } from "./schema/step.ts";
import { storedNames } from "./stored-names.ts";

/** A placeholder that nothing fills, or a name that is given twice. */
export interface NameProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Finds placeholders that neither a parameter, a captured value nor an earlier step fills, and names that are taken twice. */
export function nameProblems(playbook: Playbook): readonly NameProblem[] {
  const problems: NameProblem[] = [];
  const fixed = new Set<string>();
  for (const [index, { name }] of playbook.parameters.entries()) {
    if (fixed.has(name)) problems.push({ path: ["parameters", index, "name"], message: `there is another parameter '${name}'` });
    fixed.add(name);
  }
  const known = new Set(fixed);
  const check = (part: unknown, path: readonly PropertyKey[]) => {
    mapTemplates(part, (template, _context, field) => {
      for (const name of namesIn(template)) {
        if (!known.has(name)) problems.push({ path: [...path, ...parsePath(field)], message: unknown(name, known) });
      }
      return template;
    });
  };
  const checkSteps = (steps: readonly PlaybookStep[], path: readonly PropertyKey[]) => {
    for (const [index, step] of steps.entries()) {
      const place = [...path, index];
      const isShadowed = step.action === "for_each" && known.has(step.for_each);
      check(step, place);
      const script =
        step.action === "evaluate" ? namesIn(step.params.script).find((name) => known.has(name) && !isArgument(name, step)) : undefined;
      if (script !== undefined) problems.push({ path: [...place, "params", "script"], message: notInScript(script) });
      for (const name of storedNames(step)) {
        if (fixed.has(name)) problems.push({ path: [...place, keyOf(step)], message: `there is a parameter '${name}'` });
        known.add(name);
      }
      if (step.action === "if") {
        checkSteps(step.then, [...place, "then"]);
        checkSteps(step.else, [...place, "else"]);
      }
      if (step.action === "for_each") {
        checkSteps(step.steps, [...place, "steps"]);
        if (!isShadowed) known.delete(step.for_each);
      }
    }
  };
  if (playbook.start_url !== undefined) check(playbook.start_url, ["start_url"]);
  if (playbook.auth !== undefined) check(playbook.auth, ["auth"]);
  for (const { store_as: name } of [...(playbook.capture?.cookies ?? []), ...(playbook.capture?.storage ?? [])]) known.add(name);
  if (playbook.capture !== undefined) check(playbook.capture.static_headers, ["capture", "static_headers"]);
  checkSteps(playbook.steps, ["steps"]);
  check(playbook.checks, ["checks"]);
  return problems;
}

function unknown(name: string, known: ReadonlySet<string>): string {
  const nearest = nearestOf(name, [...known]);
  const hint = nearest === undefined ? "declare it under parameters, or write {{ and }} for braces" : `did you mean '${nearest}'?`;
  return `nothing gives a value for {${name}}; ${hint}`;
}

function isArgument(name: string, { params }: StepOf<"evaluate">): boolean {
  return Object.hasOwn(params.args, name);
}

function notInScript(name: string): string {
  return `is never a template; give the value as args: { ${name}: "{${name}}" } and write args.${name}`;
}

function keyOf(step: PlaybookStep): string {
  if (step.action === "for_each") return "for_each";
  return step.action === "call" ? "outputs" : "store_as";
}
