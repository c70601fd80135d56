import { bindSelector } from "../bind-selector.ts";
import { playbookLimits } from "../limits.ts";
import { mapTemplates, type TemplateContext } from "../map-templates.ts";
import { namesIn, splitTemplate } from "../placeholder.ts";
import type { Playbook } from "../playbook-schema.ts";
import { parsePath } from "../problem.ts";
import type { PlacedStep } from "../walk-steps.ts";
import { addressMistake } from "./address-mistake.ts";
import type { CodeMistake } from "./code-mistake.ts";
import { keyMistake } from "./key-mistake.ts";
import { scriptMistake } from "./script-mistake.ts";
import { selectorMistake } from "./selector-mistake.ts";

/** Code in a playbook that cannot run. */
export interface CodeProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** The character of the value it is at, from 0; undefined where values are still to be put in before. */
  readonly at: number | undefined;
}

/** What stands for a value while a selector is looked at: a number, or a name. One of them fits wherever a value may stand. */
const samples = ["1", "a"];

/** Of so many values each is tried as a number and as a name; of more than these all are tried as the same. */
const mostMixed = 4;

const prefixes: Partial<Record<TemplateContext, string>> = { selector: "", css: "css=", xpath: "xpath=" };

/** Finds scripts that do not compile, selectors that neither Playwright nor a browser can read, addresses that are none of the web, and keys that there are not; no more than are told of a playbook. */
export function codeProblems(
  steps: Iterable<PlacedStep>,
  { start_url, checks, auth }: Partial<Pick<Playbook, "start_url" | "checks" | "auth">>,
): readonly CodeProblem[] {
  const problems: CodeProblem[] = [];
  const note = (path: readonly PropertyKey[], mistake: CodeMistake | undefined, isExact: boolean) => {
    if (mistake !== undefined) problems.push({ path, message: mistake.message, at: isExact ? mistake.at : undefined });
  };
  const look = (part: unknown, path: readonly PropertyKey[]) => {
    mapTemplates(part, (template, context, field) => {
      if (context === "url") note([...path, ...parsePath(field)], addressMistake(template), true);
      const prefix = prefixes[context];
      if (prefix !== undefined) {
        const mistake = mistakeIn(template, prefix);
        note([...path, ...parsePath(field)], mistake && { ...mistake, at: mistake.at - prefix.length }, !/[{}]/.test(template));
      }
      return template;
    });
  };
  look({ start_url: start_url ?? "" }, []);
  for (const { step, path } of steps) {
    if (problems.length > playbookLimits.problems) return problems;
    look(step, path);
    const actions = step.action === "execute_sequence" ? step.steps.map((one, index) => ({ one, at: [...path, "steps", index] })) : [];
    for (const { one, at } of [{ one: step, at: path }, ...actions]) {
      if (one.action === "evaluate") note([...at, "params", "script"], scriptMistake(one.params.script), true);
      if (one.action === "press" || one.action === "key_press") note([...at, "params", "key"], mistakeInKey(one.params.key), true);
    }
  }
  look(checks, ["checks"]);
  look(auth, ["auth"]);
  return problems;
}

function mistakeIn(template: string, prefix: string): CodeMistake | undefined {
  let first: CodeMistake | undefined;
  for (const values of sampleValues([...new Set(namesIn(template))])) {
    const bound = bindSelector(`${prefix}${template}`, values);
    const mistake = "text" in bound ? selectorMistake(bound.text) : undefined;
    if (mistake === undefined) return undefined;
    first ??= mistake;
  }
  return first;
}

function sampleValues(names: readonly string[]): readonly ReadonlyMap<string, string>[] {
  if (names.length > mostMixed) return samples.map((sample) => new Map(names.map((name) => [name, sample])));
  return names.reduce<readonly ReadonlyMap<string, string>[]>(
    (all, name) => samples.flatMap((sample) => all.map((values) => new Map([...values, [name, sample]]))),
    [new Map()],
  );
}

/** A key that is put in later is looked at then. */
function mistakeInKey(template = ""): CodeMistake | undefined {
  const [part, ...others] = splitTemplate(template);
  return part !== undefined && "text" in part && others.length === 0 ? keyMistake(part.text) : undefined;
}
