import type { StepEffect } from "@clew/playbook/step-actions";
import type { GuardrailBlock } from "../../guardrails/guardrail-block.ts";

/** What the scope says of an action, decided by code. Whoever may be asked can only agree to what is asked; all else about the action stays as it is. */
export type ScopeVerdict =
  | {
      readonly kind: "allow";
      readonly effect: StepEffect;
      /** Whether it only answers the question that what was done last led to, and so does nothing of its own. */
      readonly isConfirmation?: boolean;
    }
  | ({ readonly kind: "deny" } & GuardrailBlock)
  | ({
      readonly kind: "ask";
      /** Who may agree: a person always, and where it says so the validator model before one. */
      readonly of: "validator" | "person";
      /** What the person reads. */
      readonly prompt: string;
      /** What the action does to the world where somebody agrees. */
      readonly effect: StepEffect;
    } & GuardrailBlock);

/** What is known of a page when an action is judged. */
export interface PageFacts {
  /** Its address. */
  readonly url: string;
  /** Whether it answers what was sent, so that loading it again sends that again. */
  readonly wasPosted?: boolean;
}

/** What is known of the element an action is about to touch; read from the page, so none of it is to be trusted. */
export interface TargetFacts {
  /** What a person would read on it, or on the button or link it is in. */
  readonly labels: readonly string[];
  /** What the dialog it is in says, or a short form; empty where it is in none. */
  readonly around: string;
  /** Whether it stands in a dialog. */
  readonly isInDialog: boolean;
  /** What the row or list item it is in says; empty where it is in none. */
  readonly row: string;
  /** The title and the first heading of the document it stands in. */
  readonly heading: string;
  /** The address of the document it stands in, which may be a frame's. */
  readonly documentUrl: string;
  /** Where it leads, where it is a link. */
  readonly leadsTo: string | undefined;
  /** Where the form it belongs to is sent; undefined where it belongs to none. */
  readonly formAction: string | undefined;
  /** Whether that form only asks for a page, as searches do. */
  readonly asksOnly: boolean;
  /** Whether a click on it, or Enter in it, sends that form. */
  readonly submits: boolean;
  /** What a person would read on the button by which that form is sent. */
  readonly sends: readonly string[];
  /** Whether something can be entered in it. */
  readonly isField: boolean;
}

/** What a run's agent has done so far, as far as the scope minds. */
export interface ScopeProgress {
  /** How often it did what cannot be taken back. */
  readonly commits: number;
  /** Whether what it did last cannot be taken back, and may have been followed by a question that nobody answered yet. */
  readonly mayConfirm: boolean;
  /** How many characters of addresses it made up by itself. */
  readonly madeUpChars: number;
  /** What the link to an address was called that a page showed it; undefined where none showed one. */
  labelOf(address: string): string | undefined;
}

/** Lets an action happen. */
export function allow(effect: StepEffect): ScopeVerdict {
  return { kind: "allow", effect };
}

/** Refuses an action. */
export function deny(rule: GuardrailBlock["rule"], message: string): ScopeVerdict {
  return { kind: "deny", rule, message };
}
