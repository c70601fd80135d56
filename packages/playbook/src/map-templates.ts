import type { Way } from "./schema/candidate.ts";

/** What a template becomes part of, which decides how values are escaped in it. */
export type TemplateContext = "selector" | "url" | "text";

/** Gives a template's replacement; `field` is its path within the value. */
export type MapTemplate = (template: string, context: TemplateContext, field: string) => string;

/** Fields whose texts are words of a fixed list, names or code: no templates. */
const literal: ReadonlySet<string> = new Set([
  "action",
  "on_failure",
  "effect",
  "store_as",
  "store_type",
  "credential_ref",
  "mode",
  "state",
  "button",
  "modifiers",
  "direction",
  "to",
  "by",
  "method",
  "for_each",
  "call",
  "outputs",
  "script",
  "json_path",
  "files",
  "scope",
  "inject_into",
]);

/** Steps within a step have values of their own once they run. */
const innerSteps: ReadonlySet<string> = new Set(["then", "else", "steps"]);

const addresses: ReadonlySet<string> = new Set(["url", "url_contains", "expect_url_contains", "login_url", "start_url"]);

const selectorWays: ReadonlySet<Way> = new Set<Way>(["selector", "css", "xpath", "role", "test_id"]);

/**
 * Copies a step, or another part of a playbook, with every template in it replaced; keys stay as they are, and so do the steps within a step
 * unless it is a sequence.
 */
export function mapTemplates<T>(value: T, map: MapTemplate): T {
  return walk(value, "text", "", map) as T;
}

function walk(value: unknown, context: TemplateContext, field: string, map: MapTemplate): unknown {
  if (typeof value === "string") return map(value, context, field);
  if (Array.isArray(value)) return value.map((entry, index) => walk(entry, context, `${field}[${index}]`, map));
  if (typeof value !== "object" || value === null) return value;
  const isFlow = "then" in value || "for_each" in value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => {
      const isLiteral = literal.has(key) && typeof entry !== "object" ? true : key === "modifiers" || key === "outputs" || key === "files";
      if (isLiteral || (isFlow && innerSteps.has(key))) return [key, entry];
      return [key, walk(entry, contextOf(key, value), field === "" ? key : `${field}.${key}`, map)];
    }),
  );
}

/** A candidate's value stands in whatever it is looked for by; the selectors of its frames are selectors. */
function contextOf(key: string, parent: object): TemplateContext {
  if (key === "frame") return "selector";
  if (key === "value" && "by" in parent) return isSelectorWay(parent.by) ? "selector" : "text";
  return addresses.has(key) ? "url" : "text";
}

function isSelectorWay(way: unknown): boolean {
  return (selectorWays as ReadonlySet<unknown>).has(way);
}
