import type { Playbook } from "./playbook-schema.ts";
import type { PlaybookAction } from "./schema/action.ts";
import { walkSteps } from "./walk-steps.ts";

/** Names the credentials that a playbook's login form needs and that are not given: a password, and a user by either of its names. */
export function missingForLogin({ auth, auth_required: isRequired }: Playbook, isGiven: (name: string) => boolean): readonly string[] {
  if (auth?.mode !== "form_login" || isRequired === false) return [];
  const users = ["username", "email"];
  return [...(users.some(isGiven) ? [] : users.slice(0, 1)), ...(isGiven("password") ? [] : ["password"])];
}

/** Names the credentials that a playbook needs, each once: its secret parameters, and what its steps type. */
export function credentialNames({ parameters, steps }: Playbook): readonly string[] {
  const names = parameters.filter(({ secret }) => secret).map(({ name }) => name);
  for (const { step } of walkSteps(steps)) {
    const actions = step.action === "execute_sequence" ? step.steps : [step];
    for (const action of actions)
      if (isTyping(action)) names.push(...(action.params.credential_ref === undefined ? [] : [action.params.credential_ref]));
  }
  return [...new Set(names)];
}

type TypingAction = Extract<PlaybookAction, { action: "fill" | "key_press" }>;

function isTyping(step: { readonly action: string }): step is TypingAction {
  return step.action === "fill" || step.action === "key_press";
}
