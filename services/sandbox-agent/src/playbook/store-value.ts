import { Fault } from "@clew/fault/fault";
import type { ActingStep } from "@clew/playbook/playbook-schema";
import type { JsonValue } from "../actions/action.ts";
import type { FoundText } from "./run-action.ts";
import type { Findings } from "./step-context.ts";

const mostChars = 60;
/** Of all texts that a run extracts: it holds them until its outcome is written. */
const mostTextChars = 8 * 1024 * 1024;
/** Readers of the outcome must be able to walk it. */
const mostDepth = 32;

type StoreType = NonNullable<ActingStep["store_type"]>;

/** Reads what a step found as what it is to be kept as. Rejects with VERIFICATION_FAILED where it is not that: the page may not be ready yet. */
export function storableValue({ store_type: type }: Pick<ActingStep, "store_type">, found: FoundText | undefined): JsonValue {
  const whole = found?.whole ?? "";
  const value = type === undefined ? (found?.value ?? whole) : readers[type](whole.trim(), found);
  const shown = whole.length > mostChars ? `${whole.slice(0, mostChars - 1)}…` : whole;
  if (value === undefined)
    throw new Fault("VERIFICATION_FAILED", {
      message: `The text found is not ${type === undefined ? "a value" : wanted[type]}: '${shown}'.`,
    });
  if (isDeeperThan(mostDepth, value))
    throw new Fault("VERIFICATION_FAILED", { message: `The value found is nested more than ${mostDepth} deep: '${shown}'.` });
  return value;
}

/** Looks at one level after the other: a page may nest deeper than a stack is. */
function isDeeperThan(most: number, value: JsonValue): boolean {
  let level: readonly JsonValue[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true;
    level = level.flatMap((entry): readonly JsonValue[] => (typeof entry === "object" && entry !== null ? Object.values(entry) : []));
  }
  return false;
}

/** Keeps what was extracted, in order. @throws Fault STEP_FAILED where that would be more than 8 Mi characters in all. */
export function keepTexts(texts: readonly string[], findings: Findings): void {
  const kept = [...findings.texts, ...texts].reduce((sum, { length }) => sum + length, 0);
  if (kept > mostTextChars)
    throw new Fault("STEP_FAILED", { message: "The run has extracted more than 8 Mi characters of text, which is the most it may." });
  findings.texts.push(...texts);
}

/** Keeps a value under a name: for the outcome, and for `{name}` in what follows, where it is text or JSON. */
export function store(name: string, value: JsonValue, { stored, values }: Findings): void {
  stored.set(name, value);
  values.set(name, textOf(value));
}

/** A value as a placeholder puts it. */
export function textOf(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

const wanted: Readonly<Record<StoreType, string>> = {
  text: "a text",
  number: "a number such as 12.5",
  integer: "a whole number",
  boolean: "true or false",
  json: "JSON",
};

const readers: Readonly<Record<StoreType, (text: string, found: FoundText | undefined) => JsonValue | undefined>> = {
  text: (_, found) => found?.whole ?? "",
  number: (text) => (/^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : undefined),
  integer: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : undefined),
  boolean: (text) => (/^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined),
  json: parseJson,
};

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
