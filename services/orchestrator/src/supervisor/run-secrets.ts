import { browserStateSecrets } from "@clew/playbook/browser-state-secrets";
import { KnownSecrets } from "@clew/playbook/known-secrets";
import { secretsOf } from "@clew/playbook/secrets-of";
import type { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { isSecretAnswer } from "../runs/answer.ts";
import type { ReceivedInput } from "../runs/run.ts";

/** What must never be written of a run, in memory only: a restart loses it. */
export class RunSecrets {
  /** Its secrets, those that people answered among them. */
  readonly known: KnownSecrets;
  readonly #answers = new Map<string, string>();
  #hasSet = false;
  #hasParents = false;

  constructor(spec: RunSpec) {
    this.known = new KnownSecrets(secretsOf(spec));
  }

  /** Keeps what a person answered, until it is passed on. */
  keepAnswer(inputId: string, text: string): void {
    this.#answers.set(inputId, text);
  }

  /** What a person answered; undefined where a restart lost it. */
  answerTo(inputId: string): string | undefined {
    return this.#answers.get(inputId);
  }

  /** From now on this, or what it holds, is a secret. */
  add(form: "secret" | "browserState", text: string): void {
    this.known.add(form === "secret" ? [text] : browserStateSecrets(text));
  }

  /** Takes the values of the operator's credential set. */
  addSet(values: readonly string[]): void {
    this.known.add(values);
    this.#hasSet = true;
  }

  /** Takes those of the run whose sandbox this one continues in. */
  addParents(values: readonly string[]): void {
    this.known.add(values);
    this.#hasParents = true;
  }

  /** Whether those of the run that a run continues, where it does, are known. */
  hasParents({ continueFrom }: Pick<RunSpec, "continueFrom">): boolean {
    return continueFrom === undefined || this.#hasParents;
  }

  /** Whether the values of the credential set that a run names, where it does, are known. */
  hasSetOf({ credentialSet }: Pick<RunSpec, "credentialSet">): boolean {
    return credentialSet === undefined || this.#hasSet;
  }

  /** Whether every secret that people answered is known still. */
  hasAnswers(inputs: readonly ReceivedInput[]): boolean {
    return inputs.every((input) => !isSecretAnswer(input) || this.#answers.has(input.inputId));
  }
}
