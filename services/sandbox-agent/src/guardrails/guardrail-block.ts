import type { EgressRule } from "@clew/egress/egress-policy";
import { Fault } from "@clew/fault/fault";

/** The rules that keep an action from being done or a page from being opened, by name; those of a directive's scope begin with `scope_`. */
export type GuardrailRule =
  | EgressRule
  | "scheme"
  | "url_budget"
  | "destructive_click"
  | "scope_action"
  | "scope_site"
  | "scope_address"
  | "scope_form"
  | "scope_element"
  | "scope_secret"
  | "scope_credential"
  | "scope_commit";

/** What a rule says against something. */
export interface GuardrailBlock {
  readonly rule: GuardrailRule;
  /** What the rule says, in a sentence without secrets. */
  readonly message: string;
}

/** Makes the Fault that whatever was blocked ends with. */
export function blockedFault({ rule, message }: GuardrailBlock): Fault {
  return new Fault("GUARDRAIL_BLOCKED", { message, details: { rule } });
}
