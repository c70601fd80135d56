import type { Values } from "./bind-text.ts";
import { bindUrl } from "./bind-url.ts";
import { mapTemplates } from "./map-templates.ts";
import { namesIn, splitTemplate } from "./placeholder.ts";
import type { Playbook } from "./playbook-schema.ts";
import { formatPath, type PlaybookProblem } from "./problem.ts";
import { walkSteps, walkSureSteps } from "./walk-steps.ts";

/**
 * Finds addresses that begin with a parameter's value and are none of the web, as `javascript:x`, `file:///x` and `5` are, so that no run is made of them;
 * not in steps under an `if`.
 * Those that ask for a value that comes later are the guardrails' to judge.
 */
export function addressProblems({ start_url, auth, steps }: Playbook, values: Values): readonly PlaybookProblem[] {
  const problems: PlaybookProblem[] = [];
  const look = (part: unknown, path: string) =>
    mapTemplates(part, (template, context, field) => {
      const [first] = splitTemplate(template);
      if (context !== "url" || first === undefined || !("name" in first)) return template;
      if (!namesIn(template).every((name) => values.has(name)) || isOfWeb(template, values)) return template;
      const message = `the value of '${first.name}' must begin with http:// or https:// to stand there`;
      problems.push({ field: `${path}${field}`, message, line: 0, column: 0 });
      return template;
    });
  look({ start_url: start_url ?? "", auth }, "");
  for (const { step, path } of walkSureSteps(steps)) look(step, `${formatPath(path)}.`);
  return problems;
}

/** An address that a playbook names, and where. */
export interface KnownAddress {
  readonly field: string;
  readonly address: string;
}

/** Finds the whole addresses that a playbook will open or ask, as far as they are known before it runs. */
export function knownAddresses({ start_url, auth, steps }: Playbook, values: Values): readonly KnownAddress[] {
  const found: KnownAddress[] = [];
  const look = (part: unknown, path: string) =>
    mapTemplates(part, (template, context, field) => {
      if (context !== "url" || !namesIn(template).every((name) => values.has(name))) return template;
      const bound = bindUrl(template, values);
      if ("text" in bound && URL.canParse(bound.text)) found.push({ field: `${path}${field}`, address: bound.text });
      return template;
    });
  look({ start_url: start_url ?? "", auth }, "");
  for (const { step, path } of walkSteps(steps)) look(step, `${formatPath(path)}.`);
  return found;
}

/** Of what cannot be bound something else is said; an empty address may belong to a step that is skipped. */
function isOfWeb(template: string, values: Values): boolean {
  const bound = bindUrl(template, values);
  if ("problem" in bound || bound.text === "") return true;
  const scheme = URL.parse(bound.text)?.protocol;
  return scheme === "http:" || scheme === "https:";
}
