import { nearestOf } from "./nearest.ts";
import { namesIn } from "./placeholder.ts";
import type { Playbook } from "./playbook-schema.ts";
import { mapStepTemplates } from "./step-templates.ts";

/** A placeholder that nothing fills, or a name that is given twice. */
export interface NameProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Finds placeholders that neither a parameter nor an earlier step's `store_as` fills, and names that are taken twice. */
export function nameProblems(playbook: Playbook): readonly NameProblem[] {
  const problems: NameProblem[] = [];
  const known = new Set<string>();
  const check = (template: string, path: readonly PropertyKey[]) => {
    for (const name of namesIn(template)) {
      if (known.has(name)) continue;
      const nearest = nearestOf(name, [...known]);
      const hint = nearest === undefined ? "declare it under parameters, or write {{ and }} for braces" : `did you mean '${nearest}'?`;
      problems.push({ path, message: `nothing gives a value for {${name}}; ${hint}` });
    }
  };
  for (const [index, { name, default: value }] of playbook.parameters.entries()) {
    if (known.has(name)) problems.push({ path: ["parameters", index, "name"], message: `there is another parameter '${name}'` });
    known.add(name);
    if (typeof value === "string" && value.length > 0 && playbook.parameters[index]?.type === "int" && !/^-?\d+$/.test(value)) {
      problems.push({ path: ["parameters", index, "default"], message: "must be a whole number" });
    }
  }
  const parameters = new Set(known);
  if (playbook.start_url !== undefined) check(playbook.start_url, ["start_url"]);
  for (const [index, step] of playbook.steps.entries()) {
    mapStepTemplates(step, (template, _context, field) => {
      check(template, ["steps", index, ...pathOf(field)]);
      return template;
    });
    if (step.store_as === undefined) continue;
    if (parameters.has(step.store_as))
      problems.push({ path: ["steps", index, "store_as"], message: `there is a parameter '${step.store_as}'` });
    known.add(step.store_as);
  }
  return problems;
}

function pathOf(field: string): readonly PropertyKey[] {
  return field
    .split(/[.[\]]+/)
    .filter((part) => part !== "")
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
