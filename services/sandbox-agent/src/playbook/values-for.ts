import { type BoundParameters, bindParameters } from "@clew/playbook/bind-parameters";
import type { Playbook } from "@clew/playbook/playbook-schema";

/** The values a playbook begins with: its parameters, its secret ones from the run's credentials; or all that is wrong with them. */
export function valuesFor(
  playbook: Playbook,
  given: Readonly<Record<string, unknown>>,
  credentials: Readonly<Record<string, string>>,
): BoundParameters {
  const bound = bindParameters(playbook, given);
  if ("problems" in bound) return bound;
  const secret = playbook.parameters.filter((parameter) => parameter.secret).map(({ name }) => name);
  const missing = secret.filter((name) => !Object.hasOwn(credentials, name));
  if (missing.length > 0)
    return { problems: missing.map((name) => ({ field: `credentials.${name}`, message: "is missing", line: 0, column: 0 })) };
  return { values: new Map([...bound.values, ...secret.map((name) => [name, credentials[name] ?? ""] as const)]) };
}
