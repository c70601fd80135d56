import { bindSelector } from "./bind-selector.ts";
import { bindText, type Values } from "./bind-text.ts";
import { bindUrl } from "./bind-url.ts";
import { namesIn } from "./placeholder.ts";
import type { PlaybookStep } from "./playbook-schema.ts";
import { mapStepTemplates, type TemplateContext } from "./step-templates.ts";

/** A step's field whose value cannot stand where its placeholder does. */
export interface BindingProblem {
  /** The field, as a path within the step. */
  readonly field: string;
  readonly message: string;
}

/** A step with its values in place, or all that stands in the way. */
export type BoundStep = { readonly step: PlaybookStep } | { readonly problems: readonly BindingProblem[] };

const binders = { selector: bindSelector, url: bindUrl, text: bindText } as const satisfies Record<TemplateContext, unknown>;

/** Puts values into a step, escaped for where each stands and never expanded again. Fields that ask for a name in `later` stay as they are. */
export function bindStep(step: PlaybookStep, values: Values, later: ReadonlySet<string> = new Set()): BoundStep {
  const problems: BindingProblem[] = [];
  const bound = mapStepTemplates(step, (template, context, field) => {
    if (namesIn(template).some((name) => later.has(name))) return template;
    const result = binders[context](template, values);
    if ("text" in result) return result.text;
    problems.push({ field, message: result.problem });
    return template;
  });
  return problems.length > 0 ? { problems } : { step: bound };
}
