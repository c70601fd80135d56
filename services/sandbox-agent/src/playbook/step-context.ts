import type { Values } from "@clew/playbook/bind-text";
import type { Redact } from "@clew/playbook/redact";
import type { ActivePage } from "../browser/active-page.ts";
import type { AddressRules } from "../guardrails/address-rules.ts";
import type { Person } from "../person/ask-person.ts";
import type { RunFiles } from "../recording/run-files.ts";
import type { Report } from "../report.ts";

/** What the steps of a run work with. */
export interface StepContext {
  readonly active: ActivePage;
  readonly report: Report;
  readonly files: RunFiles;
  readonly rules: AddressRules;
  readonly credentials: Readonly<Record<string, string>>;
  /** Masks the credentials: in whatever is found, before it is cut, kept or handed on. */
  readonly redact: Redact;
  /** Whom the run asks what it cannot decide. */
  readonly person: Person;
  /** Ends whatever runs, at once. */
  readonly signal: AbortSignal;
  /** Lets what runs come to its end, and nothing begin. */
  readonly stopping: AbortSignal;
  /** Makes an action's id, unique within the run. */
  readonly nextActionId: () => string;
  /** Whether a picture is kept for each action. */
  readonly screenshots: boolean;
  /** Milliseconds since the trace began; absent without one. */
  readonly traceOffsetMs: (() => number) | undefined;
}

/** What a run has found so far. */
export interface Findings {
  /** The playbook's parameters, and what steps stored. */
  readonly values: Map<string, string>;
  /** What `store_as` kept, by name. */
  readonly stored: Map<string, string>;
  /** Every text that was extracted, in order. */
  readonly texts: string[];
}

/** Starts with the parameters and nothing found. */
export function createFindings(values: Values): Findings {
  return { values: new Map(values), stored: new Map(), texts: [] };
}
