import type { KnownSecrets } from "@clew/playbook/known-secrets";
import type { Redact } from "@clew/playbook/redact";
import type { AskModel } from "../agent/ask-model.ts";
import type { ActivePage } from "../browser/active-page.ts";
import type { LastLooks } from "../browser/last-looks.ts";
import type { Captcha } from "../captcha/look-for-captcha.ts";
import type { BoundCredentials } from "../guardrails/bound-credentials.ts";
import type { Guard } from "../guardrails/guard.ts";
import type { SnapshotNode } from "../observation/snapshot-tree.ts";
import type { RunFiles } from "../recording/run-files.ts";
import type { Report } from "../report.ts";
import type { HeadersByOrigin } from "./request-hop.ts";

/** What an action works with. */
export interface ActionContext {
  readonly active: ActivePage;
  /** Where is said what an action notices besides what it does. */
  readonly report: Pick<Report, "say">;
  /** Where what an action keeps is stored. */
  readonly files: RunFiles;
  /** Where the files lie that the run was given, each under its own name. */
  readonly inputsFolder: string;
  /** Aborts the action at once. */
  readonly signal: AbortSignal;
  /** By what a page is looked at that may not answer. */
  readonly looks: LastLooks;
  /** Secrets by name; never in a result. */
  readonly credentials: Readonly<Record<string, string>>;
  /** All that is secret as of now: credentials, and what a login or a person brought. No picture shows it. */
  readonly secrets: Pick<KnownSecrets, "values">;
  /** Masks the run's secrets; what an action cuts it masks before. */
  readonly redact: Redact;
  /** Judges every address before an HTTP request is sent to it. */
  readonly checks: {
    readonly guard: Pick<Guard, "admit" | "follow">;
    /** Answers why an address was not reached just now; undefined where nobody knows. */
    readonly whyUnreached: (address: string) => Promise<string | undefined>;
  };
  /** What HTTP requests to an origin carry, unless they say otherwise. */
  readonly requestHeaders: HeadersByOrigin;
  /** Asks the run's model; undefined where the run has none. */
  readonly askModel?: AskModel | undefined;
  /** Leaves out of a look at the page what whoever acts must not see; nothing unless given. */
  readonly filterNodes?: (nodes: readonly SnapshotNode[]) => readonly SnapshotNode[];
  /** Keeps the run's credentials from whom they are not for; undefined where they are for any. */
  readonly bound?: BoundCredentials | undefined;
  /** Throws GUARDRAIL_BLOCKED where what bears these labels may not be clicked; asked before it is. */
  readonly checkClick?: (labels: readonly string[]) => void;
  /** Told of a challenge that stands before what is acted on; throws where it is to be dealt with first. */
  readonly meetChallenge?: (challenge: Captcha) => void;
}

/** What came of an action. */
export interface ActionResult {
  /** What it did, such as `Clicked button 'Cancel order'`: one sentence without a full stop, without secrets. */
  readonly did: string;
  /** What it found as a text, without secrets; empty where it looks for nothing. */
  readonly found?: string;
  /** The same as a value, where it is more than a text: a list, a table, what a script answered; without secrets. */
  readonly value?: JsonValue;
}

/** A value that JSON can write. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** An action that has found what it acts on and has not touched it. */
export type ReadyAction = () => Promise<ActionResult>;

/**
 * Finds what a step acts on, without changing anything, so that it runs while the intent is being written.
 * Both halves reject with a Fault, or with the signal's reason.
 */
export type PrepareAction<S> = (step: S, context: ActionContext) => Promise<ReadyAction>;
