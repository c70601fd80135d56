import { Fault } from "@clew/fault/fault";

/** The rules that keep an action from being done or a page from being opened, by name. */
export type GuardrailRule = "scheme" | "private_network" | "allowed_domains" | "blocked_domains" | "url_budget" | "destructive_click";

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
