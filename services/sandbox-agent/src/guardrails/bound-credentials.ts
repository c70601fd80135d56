import { Fault } from "@clew/fault/fault";
import { createRedact } from "@clew/playbook/redact";

/** An action that may hold a credential. */
export interface HoldingAction {
  readonly action: string;
  readonly params?: object | undefined;
  readonly request?: object | undefined;
}

/** Keeps credentials to the origins they are for: whatever holds one, by its name or in a text of any spelling. */
export interface BoundCredentials {
  /** Whether an action holds one. */
  holds(step: HoldingAction): boolean;
  /** Whether all that an action holds is for where it would show it: the address it names, otherwise the page, or the frame, of this one. */
  allows(step: HoldingAction, shownAt: string): boolean;
  /** @throws Fault GUARDRAIL_BLOCKED where it does not. */
  demand(step: HoldingAction, shownAt: string): void;
}

/** Makes what keeps credentials to their origins. Undefined where they are for any. */
export function bindCredentials(credentials: Readonly<Record<string, string>>, origins: readonly string[]): BoundCredentials | undefined {
  if (origins.length === 0) return undefined;
  const redact = createRedact(Object.values(credentials));
  const holds = (step: HoldingAction) => {
    const text = JSON.stringify(step);
    const name = textOf(step.params, "credential_ref");
    return (name !== undefined && Object.hasOwn(credentials, name)) || redact(text) !== text;
  };
  const allows = (step: HoldingAction, shownAt: string) => {
    if (!holds(step)) return true;
    const address = textOf(step.request, "url") ?? textOf(step.params, "url") ?? shownAt;
    return origins.includes(URL.parse(address)?.origin ?? "");
  };
  return {
    holds,
    allows,
    demand(step, shownAt) {
      if (allows(step, shownAt)) return;
      throw new Fault("GUARDRAIL_BLOCKED", {
        message: `The run's credentials are for ${origins.join(", ")}, and not for where this would show them.`,
        details: { rule: "credential_origins" },
      });
    },
  };
}

function textOf(fields: object | undefined, name: string): string | undefined {
  const found = fields && new Map<string, unknown>(Object.entries(fields)).get(name);
  return typeof found === "string" ? found : undefined;
}
