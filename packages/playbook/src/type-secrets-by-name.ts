import { splitTemplate } from "./placeholder.ts";

/** The actions that type, by all their names. */
const typing: ReadonlySet<unknown> = new Set(["fill", "key_press", "type", "text"]);

/**
 * Writes each text that is typed and is nothing but a secret parameter, such as `{password}`, as the `credential_ref` it is, before anything is checked:
 * from there on it is told and recorded as one.
 */
export function typeSecretsByName(content: unknown): unknown {
  const parameters: unknown = isMapping(content) ? content.parameters : undefined;
  if (!Array.isArray(parameters)) return content;
  const secrets = new Set(parameters.filter((given) => isMapping(given) && given.secret === true).map(({ name }) => name));
  return secrets.size === 0 ? content : rewrite(content, secrets);
}

function rewrite(value: unknown, secrets: ReadonlySet<unknown>): unknown {
  if (Array.isArray(value)) return value.map((entry) => rewrite(entry, secrets));
  if (!isMapping(value)) return value;
  const params = typing.has(value.action) ? typedByName(value.params, secrets) : undefined;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, key === "params" && params !== undefined ? params : rewrite(entry, secrets)]),
  );
}

function typedByName(params: unknown, secrets: ReadonlySet<unknown>): unknown {
  if (!isMapping(params) || typeof params.text !== "string" || params.credential_ref !== undefined) return undefined;
  const [only, ...others] = splitTemplate(params.text);
  if (only === undefined || !("name" in only) || others.length > 0 || !secrets.has(only.name)) return undefined;
  const { text: _, ...rest } = params;
  return { ...rest, credential_ref: only.name };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
