import type { KnownSecrets } from "@clew/playbook/known-secrets";
import type { z } from "zod";
import type { Person } from "../person/ask-person.ts";
import type { controlSchemas } from "./control-tools.ts";

type Asked = z.infer<(typeof controlSchemas)["ask_person"]>;

/** What asking a person for a model needs. */
export interface AskRoom {
  readonly person: Person;
  readonly secrets: Pick<KnownSecrets, "add">;
  /** The run's secrets by name; what a person gives is added. */
  readonly credentials: Record<string, string>;
  readonly signal: AbortSignal;
}

const kinds = { answer: "ANSWER", secret: "SECRET", approve: "APPROVE" } as const;

/** Asks a person what a model wants to know. Answers what the model is told: never a secret. */
export async function askForModel(
  { kind, prompt, choices, name = "" }: Asked,
  { person, secrets, credentials, signal }: AskRoom,
): Promise<string> {
  const said = await person.ask({ kind: kinds[kind], prompt, ...(kind === "answer" && choices !== undefined && { choices }) }, signal);
  if (said === "nobody") return kind === "approve" ? "Denied: nobody is there who could approve." : "Nobody is there who could answer.";
  if (said === "expired") return kind === "approve" ? "Denied: nobody answered in time." : "Nobody answered in time.";
  if (kind === "approve") return said.answer === "approve" ? "The person approves." : "The person denies.";
  if (kind === "answer") return `The person answers: ${said.answer}`;
  secrets.add([said.answer]);
  credentials[name] = said.answer;
  return `The person gave the secret: fill it with credential_ref '${name}'.`;
}
