import type { Values } from "@clew/playbook/bind-text";
import type { KnownSecrets } from "@clew/playbook/known-secrets";
import type { Playbook } from "@clew/playbook/playbook-schema";
import type { Redact } from "@clew/playbook/redact";
import type { Logger } from "@clew/process/logger";
import type { ActionContext, JsonValue } from "../actions/action.ts";
import type { AskModel } from "../agent/ask-model.ts";
import type { SavedLogin } from "../authentication/saved-login.ts";
import type { ActivePage } from "../browser/active-page.ts";
import type { LastLooks } from "../browser/last-looks.ts";
import type { ActionChecks } from "../guardrails/check-actions.ts";
import type { Person } from "../person/ask-person.ts";
import type { Recordings } from "../recording/recordings.ts";
import type { RunFiles } from "../recording/run-files.ts";
import type { Report } from "../report.ts";

/** What the steps of a run work with. */
export interface StepContext {
  readonly active: ActivePage;
  readonly report: Report;
  readonly files: RunFiles;
  /** Where the files lie that the run was given. */
  readonly inputsFolder: string;
  /** The run's guardrails. */
  readonly checks: ActionChecks;
  readonly credentials: Readonly<Record<string, string>>;
  /** Keeps them to the origins they are for. */
  readonly bound: ActionContext["bound"];
  /** The playbooks that may be called, by id. */
  readonly calledPlaybooks: ReadonlyMap<string, Playbook>;
  /** In how many calls the steps stand. */
  readonly callDepth: number;
  /** Masks the credentials: in whatever is found, before it is cut, kept or handed on. */
  readonly redact: Redact;
  /** The run's secrets, to which those of its login are added. */
  readonly secrets: KnownSecrets;
  /** The login the run begins with, and the one it leaves. */
  readonly login: SavedLogin;
  /** What HTTP requests carry to the origin whose login it was kept from. */
  readonly requestHeaders: Map<string, Readonly<Record<string, string>>>;
  /** Whether a person can see the browser's window. */
  readonly isHeaded: boolean;
  /** Whom the run asks what it cannot decide. */
  readonly person: Person;
  /** Ends whatever runs, at once. */
  readonly signal: AbortSignal;
  /** Lets what runs come to its end, and nothing begin. */
  readonly stopping: AbortSignal;
  /** By what a page is looked at that may not answer; renewed by every action. */
  readonly looks: LastLooks;
  /** Where is written what no event tells: errors that nobody expects. */
  readonly log: Pick<Logger, "error">;
  /** Makes an action's id, unique within the run. */
  readonly nextActionId: () => string;
  /** Leaves out of looks at the page what an agent must not see. */
  readonly filterNodes?: ActionContext["filterNodes"];
  /** Asks the run's model; undefined where the run has none. */
  readonly askModel: AskModel | undefined;
  /** What is recorded of the run. */
  readonly recordings: Recordings;
}

/** What the steps of one playbook know, and have found so far; a called playbook has values of its own. */
export interface Findings {
  /** The playbook's parameters, and what steps stored, as placeholders put it. */
  readonly values: Map<string, string>;
  /** What was stored for the outcome, by name. */
  readonly stored: Map<string, JsonValue>;
  /** Every text that was extracted, in order. */
  readonly texts: string[];
}

/** Starts with the parameters and nothing stored; called playbooks add to the texts of who called. */
export function createFindings(values: Values, texts: string[] = []): Findings {
  return { values: new Map(values), stored: new Map(), texts };
}
