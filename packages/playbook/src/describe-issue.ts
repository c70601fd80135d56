import type { z } from "zod";
import { nearestOf } from "./nearest.ts";
import { formatPath, type PlaybookProblem } from "./problem.ts";
import type { SourcePositions } from "./source-position.ts";
import { stepActions } from "./step-actions.ts";

type Issue = z.core.$ZodIssue;

const knownKeys = {
  "": [
    "id",
    "name",
    "version",
    "description",
    "parameters",
    "auth_required",
    "auth",
    "capture",
    "steps",
    "tags",
    "start_url",
    "guardrails",
  ],
  parameters: ["name", "type", "description", "default", "pattern", "inject_into"],
  steps: [
    "action",
    "params",
    "request",
    "selector",
    "verify",
    "description",
    "on_failure",
    "failure_message",
    "store_as",
    "prompt",
    "effect",
  ],
  selector: ["primary", "fallbacks", "description"],
  verify: ["expect_url_contains", "expect_element_visible", "expect_element_gone", "expect_text_on_page", "timeout_ms"],
  params: ["url", "text", "key", "credential_ref", "value", "state", "mode", "script", "timeout_ms"],
  guardrails: [
    "allowed_domains",
    "blocked_domains",
    "max_urls_visited",
    "max_consecutive_errors",
    "allow_private_networks",
    "enable_llm_action_check",
  ],
} as const satisfies Record<string, readonly string[]>;

/** Says what a schema issue means, in a sentence without the value, and where it stands. */
export function describeIssue(issue: Issue, positions: SourcePositions, content: unknown): readonly PlaybookProblem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      field: formatPath([...issue.path, key]),
      message: unknownKey(key, issue.path),
      ...positions.ofKey(issue.path, key),
    }));
  }
  return [{ field: formatPath(issue.path), message: messageOf(issue, content), ...positions.ofValue(issue.path) }];
}

function unknownKey(key: string, path: readonly PropertyKey[]): string {
  const room = path.findLast((part) => typeof part === "string") ?? "";
  const isKnownRoom = (name: PropertyKey): name is keyof typeof knownKeys => Object.hasOwn(knownKeys, name);
  const known: readonly string[] = isKnownRoom(room) ? knownKeys[room] : [];
  if (known.includes(key)) return "cannot be given for this action";
  const nearest = nearestOf(key, known);
  return nearest === undefined
    ? `is not known${known.length > 0 ? `; known are ${known.join(", ")}` : ""}`
    : `is not known; did you mean '${nearest}'?`;
}

function messageOf(issue: Issue, content: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return valueAt(content, issue.path) === undefined
        ? "is missing"
        : `must be ${withArticle(issue.expected)}${issue.expected === "string" ? "; put it in quotes" : ""}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "too_big":
      return `must ${limit("at most", issue.origin, issue.maximum)}`;
    case "too_small":
      return issue.origin === "string" && issue.minimum === 1
        ? "must not be empty"
        : `must ${limit("at least", issue.origin, issue.minimum)}`;
    case "invalid_union":
      return issue.path.at(-1) === "action" ? unknownAction(valueAt(content, issue.path)) : "is of none of the allowed kinds";
    default:
      return issue.message;
  }
}

function unknownAction(action: unknown): string {
  const known = Object.keys(stepActions);
  if (action === undefined) return `is missing; it is one of ${known.join(", ")}`;
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
