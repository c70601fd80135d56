/** A parameter whose `inject_into` leads nowhere. */
export interface InjectionProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A playbook's content with a placeholder wherever a parameter is injected, and what is wrong with places that are none. */
export interface Injected {
  readonly content: unknown;
  readonly problems: readonly InjectionProblem[];
}

/**
 * Writes each parameter that has an `inject_into` such as `steps.2.params.text` as `{name}` into that place, before anything is checked: from there on
 * it is a placeholder like any other. What holds the place must be there; the place itself need not be.
 */
export function injectParameters(content: unknown): Injected {
  const parameters: unknown = isObject(content) ? content.parameters : undefined;
  if (!Array.isArray(parameters) || !parameters.some((parameter) => isObject(parameter) && parameter.inject_into !== undefined))
    return { content, problems: [] };
  const copy: unknown = structuredClone(content);
  const problems: InjectionProblem[] = [];
  for (const [index, parameter] of parameters.entries()) {
    if (!isObject(parameter) || typeof parameter.inject_into !== "string" || typeof parameter.name !== "string") continue;
    const keys = parameter.inject_into.split(".");
    const last = keys.pop() ?? "";
    const holder = keys.reduce<unknown>((value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined), copy);
    const isPlace =
      keys.length > 0 &&
      !["parameters", "__proto__"].includes(keys[0] ?? "") &&
      isObject(holder) &&
      (!Array.isArray(holder) || /^\d+$/.test(last));
    if (isPlace && last !== "__proto__") holder[last] = `{${parameter.name}}`;
    else
      problems.push({
        path: ["parameters", index, "inject_into"],
        message: "leads nowhere; write a path such as steps.2.params.text, counted from 0",
      });
  }
  return { content: copy, problems };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
