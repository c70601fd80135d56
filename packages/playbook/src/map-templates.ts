import type { Way } from "./schema/candidate.ts";

/** What a template becomes part of, which decides how values are escaped in it: `sought` is a text that is looked for, which must not be blank. */
export type TemplateContext = "selector" | "css" | "xpath" | "role" | "url" | "sought url" | "text" | "sought";

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

/** Mappings and lists without templates. */
const literalRooms: ReadonlySet<string> = new Set(["modifiers", "outputs", "files"]);

/** Mappings whose keys are the author's own, and say nothing about what is under them. */
const freeRooms: ReadonlySet<string> = new Set(["args", "query", "headers", "cookies", "json", "form", "static_headers"]);

const contexts: Readonly<Record<string, TemplateContext>> = {
  url: "url",
  login_url: "url",
  start_url: "url",
  url_contains: "sought url",
  expect_url_contains: "sought url",
  title_contains: "sought",
  text_on_page: "sought",
  expect_text_on_page: "sought",
  has_text: "sought",
  frame: "selector",
};

/** Ways whose value is code, and in which language; Playwright escapes the texts of the others itself. */
const codeWays: ReadonlyMap<unknown, TemplateContext> = new Map<Way, TemplateContext>([
  ["selector", "selector"],
  ["role", "role"],
  ["css", "css"],
  ["xpath", "xpath"],
]);

/**
 * Copies a step, or another part of a playbook, with every template in it replaced; keys stay as they are, and so do the steps within a step
 * unless it is a sequence.
 */
export function mapTemplates<T>(value: T, map: MapTemplate): T {
  return walk(value, "text", "", map) as T;
}

/** `free` is for what stands under keys of the author's own: all text, whatever the key. */
function walk(value: unknown, context: TemplateContext | "free", field: string, map: MapTemplate): unknown {
  if (typeof value === "string") return map(value, context === "free" ? "text" : context, field);
  if (Array.isArray(value)) return value.map((entry, index) => walk(entry, context, `${field}[${index}]`, map));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => {
      const inner = context === "free" ? context : contextOf(key, entry, value);
      return [key, inner === "none" ? entry : walk(entry, inner, field === "" ? key : `${field}.${key}`, map)];
    }),
  );
}

function contextOf(key: string, entry: unknown, parent: object): TemplateContext | "free" | "none" {
  const isObject = typeof entry === "object" && entry !== null;
  if (isObject ? literalRooms.has(key) : literal.has(key)) return "none";
  if (innerSteps.has(key) && ("then" in parent || "for_each" in parent)) return "none";
  if (isObject && !Array.isArray(entry) && (freeRooms.has(key) || (key === "params" && "call" in parent))) return "free";
  if (key === "json") return "free";
  if ("by" in parent && key === "value") return codeWays.get(parent.by) ?? "sought";
  if ("by" in parent && key === "name") return "sought";
  return (Object.hasOwn(contexts, key) ? contexts[key] : undefined) ?? "text";
}
