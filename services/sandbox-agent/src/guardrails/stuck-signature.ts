import { createHash } from "node:crypto";

/** The parts of an action that make it the same as another one. */
export interface SignedAction {
  readonly action: string;
  readonly selector?: unknown;
  readonly params?: unknown;
  readonly request?: unknown;
}

/** Names an action together with all it acts on and with, so that typing another text is another action; no text can be read back from it. */
export function stuckSignature({ action, selector, params, request }: SignedAction): string {
  const hash = createHash("sha256").update(JSON.stringify([selector, params, request]));
  return `${action} ${hash.digest("base64url").slice(0, 22)}`;
}
