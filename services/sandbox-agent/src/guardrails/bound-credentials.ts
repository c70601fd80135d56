import { Fault } from "@clew/fault/fault";
import { createRedact } from "@clew/playbook/redact";

/** An action that may hold a credential. */
export interface HoldingAction {
  readonly action: string;
  readonly params?: object | undefined;
  readonly request?: object | undefined;
}

/** Throws where an action would show a credential to a page, or a server, that it is not for. */
export type DemandBound = (step: HoldingAction, pageUrl: string) => void;

/**
 * Makes what keeps credentials to the origins they are for: whatever holds one, by its name or in a text of any spelling, is done on a page of such an
 * origin, or sent to one. Undefined where they are for any.
 */
export function bindCredentials(credentials: Readonly<Record<string, string>>, origins: readonly string[]): DemandBound | undefined {
  if (origins.length === 0) return undefined;
  const redact = createRedact(Object.values(credentials));
  return (step, pageUrl) => {
    const text = JSON.stringify(step);
    const name = textOf(step.params, "credential_ref");
    const isHolding = (name !== undefined && Object.hasOwn(credentials, name)) || redact(text) !== text;
    if (!isHolding) return;
    const address = textOf(step.request, "url") ?? textOf(step.params, "url") ?? pageUrl;
    const origin = URL.parse(address)?.origin;
    if (origin !== undefined && origins.includes(origin)) return;
    throw new Fault("GUARDRAIL_BLOCKED", {
      message: `The run's credentials are for ${origins.join(", ")}, and not for where this would show them.`,
      details: { rule: "credential_origins" },
    });
  };
}

function textOf(fields: object | undefined, name: string): string | undefined {
  const found = fields && new Map<string, unknown>(Object.entries(fields)).get(name);
  return typeof found === "string" ? found : undefined;
}
