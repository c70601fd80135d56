import { type Code, codes } from "@clew/fault/code";
import { Fault, type Violation } from "@clew/fault/fault";
import { isReason, type Reason, reasons } from "@clew/fault/reasons";
import { fieldOf, textOf } from "./field-of.ts";

/** An error as a door sent it. */
export interface WireError {
  readonly code: string;
  readonly reason: string;
  readonly message: string;
  readonly details: Readonly<Record<string, string>>;
  readonly violations: readonly Violation[];
  readonly retryAfterMs: number | undefined;
}

/** Makes the Fault a door meant. A reason of a newer service becomes the first of ours with its code, and stays readable in `details.reason`. */
export function faultFromWire({ code, reason, message, details, violations, retryAfterMs }: WireError): Fault {
  const options = { message, violations, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  if (isReason(reason)) return new Fault(reason, { ...options, details });
  return new Fault(reasonOfCode(code), { ...options, details: { ...details, reason } });
}

/** Reads the body of an error at the REST door; undefined where it is not one of ours. */
export function wireErrorFromJson(body: unknown, retryAfterMs: number | undefined): WireError | undefined {
  const error = fieldOf(body, "error");
  const code = textOf(error, "code");
  const reason = textOf(error, "reason");
  if (code === undefined || reason === undefined) return undefined;
  const details = fieldOf(error, "details");
  const entries = typeof details === "object" && details !== null ? Object.entries(details) : [];
  return {
    code,
    reason,
    message: textOf(error, "message") ?? reason,
    details: Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string")),
    violations: violationsOf(fieldOf(details, "violations")),
    retryAfterMs,
  };
}

function violationsOf(value: unknown): Violation[] {
  if (!Array.isArray(value)) return [];
  return value.map((item: unknown) => ({
    field: textOf(item, "field") ?? "",
    rule: textOf(item, "rule") ?? "",
    message: textOf(item, "message") ?? "",
  }));
}

function reasonOfCode(code: string): Reason {
  const known: Code = isCode(code) ? code : "UNKNOWN";
  const names = Object.keys(reasons).filter(isReason);
  return names.find((name) => reasons[name].code === known) ?? "INTERNAL";
}

function isCode(word: string): word is Code {
  return Object.hasOwn(codes, word);
}
