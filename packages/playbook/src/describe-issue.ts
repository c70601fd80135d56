import { z } from "zod";
import { playbookLimits } from "./limits.ts";
import { nearestOf } from "./nearest.ts";
import { playbookSchema } from "./playbook-schema.ts";
import { formatPath, type PlaybookProblem } from "./problem.ts";
import { actionSchemas } from "./schema/action.ts";
import { parameterSchema } from "./schema/parameter.ts";
import type { SourcePositions } from "./source-position.ts";
import { flowSteps, stepActions } from "./step-actions.ts";
import { writtenPath } from "./written-path.ts";

type Issue = z.core.$ZodIssue;

const locator = ["selector", "role", "name", "label", "placeholder", "test_id", "text", "alt_text", "title", "css", "xpath"];
const candidate = [...locator, "exact", "has_text", "within", "frame"];
const selector = ["primary", "fallbacks", "description", ...candidate];
const action = ["action", "params", "request", "selector", "prompt", "steps"];
const acting = ["verify", "description", "on_failure", "failure_message", "store_as", "store_type", "effect"];
const flow = ["if", "then", "else", "for_each", "in", "limit", "call", "outputs"];
const condition = [
  "url_contains",
  "element_visible",
  "element_gone",
  "text_on_page",
  "value",
  "equals",
  "not_equals",
  "contains",
  "timeout_ms",
];

const paramsOfActions = new Map(Object.entries(actionSchemas).map(([name, schema]) => [name, keysOfParams(schema.shape)]));

/** What is known in each room of a playbook, to name the nearest. */
const knownKeys: Readonly<Record<string, readonly string[]>> = {
  "": [...Object.keys(playbookSchema.shape)],
  parameters: [...Object.keys(parameterSchema.shape)],
  steps: [...action, ...acting, ...flow],
  // biome-ignore lint/suspicious/noThenProperty: a playbook's word, never awaited.
  then: [...action, ...acting, ...flow],
  else: [...action, ...acting, ...flow],
  selector,
  primary: candidate,
  fallbacks: candidate,
  within: candidate,
  verify: ["expect_url_contains", "expect_element_visible", "expect_element_gone", "expect_text_on_page", "timeout_ms"],
  if: condition,
  checks: ["name", ...condition],
  params: [...new Set([...paramsOfActions.values()].flat())],
  request: ["method", "url", "query", "headers", "cookies", "json", "form", "timeout_ms", "response"],
  auth: ["mode", "login_url", "success"],
  success: ["url_contains", "element_visible", "text_on_page", "cookie_present", "timeout_ms"],
  capture: ["cookies", "storage", "static_headers"],
  guardrails: [
    "allowed_domains",
    "blocked_domains",
    "max_urls_visited",
    "max_consecutive_errors",
    "allow_private_networks",
    "enable_llm_action_check",
  ],
};

const sequence = "execute_sequence";
/** What the steps of a sequence cannot be. */
const notInSequence: ReadonlySet<string> = new Set([sequence, ...flowSteps]);

const locatorPlaces: ReadonlySet<string> = new Set(["selector", "primary", "fallbacks", "within", "to"]);

/** The parameters of a step's own action; undefined where it names none. */
function ownParams(step: unknown): readonly string[] | undefined {
  const name = typeof step === "object" && step !== null && "action" in step ? step.action : undefined;
  return typeof name === "string" ? paramsOfActions.get(name) : undefined;
}

function keysOfParams(shape: Readonly<Record<string, unknown>>): readonly string[] {
  const params: unknown = shape.params instanceof z.ZodDefault ? shape.params.unwrap() : shape.params;
  return params instanceof z.ZodObject ? Object.keys(params.shape) : [];
}

/** Says what schema issues mean, in a sentence each, without the value unless it is a number out of its bounds, and where they stand. */
export function describeIssues(issues: readonly Issue[], positions: SourcePositions, content: unknown): readonly PlaybookProblem[] {
  // Each looks for its place in all of the text: no more are described than are told.
  const told = issues.slice(0, 2 * playbookLimits.problems);
  const isSaid = (path: string) => told.filter((issue) => formatPath(issue.path) === path).length > 1;
  // A whole number without end has two bounds, and its own is the one to tell.
  return told
    .filter((issue) => !(issue.code === "too_big" && issue.maximum === Number.MAX_SAFE_INTEGER && isSaid(formatPath(issue.path))))
    .flatMap((issue) => describeIssue(issue, positions, content));
}

function describeIssue(issue: Issue, positions: SourcePositions, content: unknown): readonly PlaybookProblem[] {
  const path = writtenPath(issue.path, content);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.slice(0, playbookLimits.problems + 1).map((key) => ({
      field: formatPath([...path, key]),
      message: unknownKey(key, path, content),
      ...positions.ofKey(path, key),
    }));
  }
  // What is not written at all is what a comment leaves.
  const isEmpty = issue.code === "invalid_type" && valueAt(content, path) === null && positions.textOf(path) === "";
  const message = isEmpty ? "is empty; what begins with # is a comment unless it is in quotes" : messageOf(issue, path, content);
  return [{ field: formatPath(path), message, ...positions.ofValue(path) }];
}

function unknownKey(key: string, path: readonly PropertyKey[], content: unknown): string {
  const room = path.findLast((part) => typeof part === "string") ?? "";
  const inRoom = Object.hasOwn(knownKeys, room) ? (knownKeys[String(room)] ?? []) : [];
  if (inRoom.includes(key)) return "cannot be given for this action";
  if (key === "") return "has a key that is empty";
  const known = (room === "params" ? ownParams(valueAt(content, path.slice(0, -1))) : undefined) ?? inRoom;
  const nearest = nearestOf(key, known);
  return nearest === undefined
    ? `is not known${known.length > 0 ? `; known are ${known.join(", ")}` : ""}`
    : `is not known; did you mean '${nearest}'?`;
}

function messageOf(issue: Issue, path: readonly PropertyKey[], content: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      if (valueAt(content, path) === undefined) return "is missing";
      if (issue.expected === "object" && isLocatorPlace(path)) return "must be a text or a mapping";
      return `must be ${withArticle(issue.expected)}${issue.expected === "string" ? "; put it in quotes" : ""}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "too_big":
      return `must ${limit("at most", issue.origin, issue.maximum)}${notNumber(valueAt(content, path))}`;
    case "too_small":
      return issue.origin === "string" && issue.minimum === 1
        ? "must not be empty"
        : `must ${limit("at least", issue.origin, issue.minimum)}${notNumber(valueAt(content, path))}`;
    case "invalid_union":
      return path.at(-1) === "action" ? wrongAction(path.slice(0, -1), content) : "is of none of the allowed kinds";
    default:
      return issue.message;
  }
}

/** The number that is out of its bounds; other values are not echoed. */
function notNumber(value: unknown): string {
  return typeof value === "number" ? `, not ${value}` : "";
}

/** Whether an element is named there, which may be done in short. */
function isLocatorPlace(path: readonly PropertyKey[]): boolean {
  const room = path.findLast((part) => typeof part === "string");
  return typeof room === "string" && (locatorPlaces.has(room) || /element_(?:visible|gone)$/.test(room));
}

/** Why a step has no action that may stand there: what it gives in its stead is named. */
function wrongAction(path: readonly PropertyKey[], content: unknown): string {
  const outer = valueAt(content, path.slice(0, -2));
  const isInSequence = typeof outer === "object" && outer !== null && Reflect.get(outer, "action") === sequence;
  const known = [...Object.keys(stepActions), ...flowSteps].filter((name) => !isInSequence || !notInSequence.has(name));
  const step = valueAt(content, path);
  const written = typeof step === "object" && step !== null ? step : {};
  const action: unknown = Reflect.get(written, "action");
  if (action === undefined) {
    const keys = Object.keys(written);
    const asKey = keys.find((key) => Object.hasOwn(stepActions, key));
    const misspelt = keys.find((key) => nearestOf(key, ["action"]) !== undefined);
    if (misspelt !== undefined) return `is missing; is it meant by '${misspelt}'?`;
    return asKey === undefined ? `is missing; it is one of ${known.join(", ")}` : `is missing; write action: ${asKey}`;
  }
  if (isInSequence && typeof action === "string" && notInSequence.has(action)) return `cannot stand within ${sequence}`;
  const nearest = typeof action === "string" ? nearestOf(action, known) : undefined;
  return nearest === undefined ? `is no action; known are ${known.join(", ")}` : `is no action; did you mean '${nearest}'?`;
}

function limit(bound: string, origin: string, value: number | bigint): string {
  if (origin === "string") return `have ${bound} ${value} characters`;
  if (origin === "array") return `have ${bound} ${value} entries`;
  return `be ${bound} ${value}`;
}

function withArticle(type: string): string {
  const words: Record<string, string> = { object: "a mapping", record: "a mapping", array: "a list", int: "a whole number" };
  return words[type] ?? `a ${type}`;
}

function valueAt(content: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) => (typeof value === "object" && value !== null ? Reflect.get(value, part) : undefined),
    content,
  );
}
