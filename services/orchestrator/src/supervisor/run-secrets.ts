import { browserStateSecrets } from "@clew/playbook/browser-state-secrets";
import { KnownSecrets } from "@clew/playbook/known-secrets";
import { secretsOf } from "@clew/playbook/secrets-of";
import type { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { isSecretAnswer } from "../runs/answer.ts";
import { hasLostSecrets } from "../runs/lost-secrets.ts";
import type { ReceivedInput, RunFold } from "../runs/run.ts";

/** What must never be written of a run, in memory only: after a restart it is what the run's sandbox holds of it. */
export class RunSecrets {
  /** Its secrets, those that people answered among them. */
  readonly known: KnownSecrets;
  readonly #answers = new Map<string, string>();
  #hasSet = false;
  #hasHeld = false;

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

  /** Takes all that the sandbox's runs were given so far, as its warden holds it. */
  addHeld(values: readonly string[]): void {
    this.known.add(values);
    this.#hasHeld = true;
  }

  /** Whether all that a run's sandbox was given is known, so that none of it need be written. */
  coverGiven(
    { continueFrom, ...spec }: RunSpec,
    { attempt, inputs }: { readonly attempt: Pick<RunFold["attempt"], "startedAtMs">; readonly inputs: readonly ReceivedInput[] },
  ): boolean {
    if (this.#hasHeld) return true;
    const hasSet = attempt.startedAtMs === undefined || this.hasSetOf(spec);
    return continueFrom === undefined && !hasLostSecrets(spec) && hasSet && this.#hasAnswers(inputs);
  }

  /** Whether the values of the credential set that a run names, where it does, are known. */
  hasSetOf({ credentialSet }: Pick<RunSpec, "credentialSet">): boolean {
    return credentialSet === undefined || this.#hasSet;
  }

  #hasAnswers(inputs: readonly ReceivedInput[]): boolean {
    return inputs.every((input) => !isSecretAnswer(input) || this.#answers.has(input.inputId));
  }
}
