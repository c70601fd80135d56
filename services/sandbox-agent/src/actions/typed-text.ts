import { Fault } from "@clew/fault/fault";
import type { ActionContext } from "./action.ts";

/** What is to be typed. */
export interface TypedText {
  readonly text: string;
  /** What it is called: a text's own words are never shown. */
  readonly words: string;
  /** Whether it is a credential, or holds one: where it is typed, nobody may see it. */
  readonly isSecret: boolean;
}

/** Reads what a step types: its text, or the credential it names. Throws AUTHENTICATION_FAILED where the run was not given that. */
export function typedText(
  { text, credential_ref: reference }: { readonly text?: string | undefined; readonly credential_ref?: string | undefined },
  { credentials, redact }: Pick<ActionContext, "credentials" | "redact">,
): TypedText | undefined {
  if (reference === undefined) return text === undefined ? undefined : { text, words: "text", isSecret: redact(text) !== text };
  const credential = Object.hasOwn(credentials, reference) ? credentials[reference] : undefined;
  if (credential === undefined) throw new Fault("AUTHENTICATION_FAILED", { message: `The run was given no credential '${reference}'.` });
  return { text: credential, words: `credential '${reference}'`, isSecret: true };
}
