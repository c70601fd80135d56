import type { Playbook } from "./playbook-schema.ts";

/** Names the credentials that a playbook's steps type, each once, in order. */
export function credentialNames({ steps }: Playbook): readonly string[] {
  const names = steps.flatMap((step) => (step.action === "key_press" ? (step.params.credential_ref ?? []) : []));
  return [...new Set(names)];
}
