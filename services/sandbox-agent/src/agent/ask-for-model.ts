import type { KnownSecrets } from "@clew/playbook/known-secrets";
import type { z } from "zod";
import type { Person } from "../person/ask-person.ts";
import type { controlSchemas } from "./control-tools.ts";

type Asked = z.infer<(typeof controlSchemas)["ask_person"]>;

/** What asking a person for a model needs. */
export interface AskRoom {
  readonly person: Person;
  readonly secrets: Pick<KnownSecrets, "add" | "redact">;
  /** The run's secrets by name; what a person gives is added. */
  readonly credentials: Record<string, string>;
  /** Whether a person can see the browser's window. */
  readonly isHeaded: boolean;
  readonly signal: AbortSignal;
}

const kinds = { answer: "ANSWER", secret: "SECRET", approve: "APPROVE", take_over: "TAKE_OVER" } as const;

/** Asks a person what a model wants to know. Answers what the model is told: never a secret. */
export async function askForModel(
  { kind, prompt, choices, name = "" }: Asked,
  { person, secrets, credentials, isHeaded, signal }: AskRoom,
): Promise<string> {
  if (kind === "take_over" && !isHeaded)
    return "Nobody can take over: the browser has no window, and there is no live view yet. Ask for an answer, an approval or a secret, or fail.";
  const said = await person.ask({ kind: kinds[kind], prompt, ...(kind === "answer" && choices !== undefined && { choices }) }, signal);
  const isDecided = kind === "approve" || kind === "take_over";
  if (said === "nobody") return isDecided ? "Denied: nobody is there who could approve." : "Nobody is there who could answer.";
  if (said === "expired") return isDecided ? "Denied: nobody answered in time." : "Nobody answered in time.";
  if (kind === "approve") return said.answer === "approve" ? "The person approves." : "The person denies.";
  if (kind === "take_over") return said.answer === "deny" ? "The person declines." : "The person has done it: look at the page.";
  // What a person gives for a question may be a secret all the same.
  if (kind === "answer") return `The person answers: ${secrets.redact(said.answer)}`;
  secrets.add([said.answer]);
  credentials[name] = said.answer;
  return `The person gave the secret: fill it with credential_ref '${name}'.`;
}
