import { Fault } from "@clew/fault/fault";
import { browserStateSecrets } from "@clew/playbook/browser-state-secrets";
import type { KnownSecrets } from "@clew/playbook/known-secrets";
import { InputRequested, InputRequested_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import type { DeliverInputRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { abortable } from "@clew/streams/abortable";
import { linkSignals } from "@clew/streams/linked-signal";
import type { Report } from "../report.ts";

/** What a person is asked. */
export interface Question {
  readonly kind: "APPROVE" | "ANSWER" | "SECRET" | "TAKE_OVER" | "BROWSER_STATE";
  /** What to show the person; at most 2,000 characters. */
  readonly prompt: string;
  /** What may be chosen; anything where there are none. At most 20 of at most 200 characters. */
  readonly choices?: readonly string[];
  /** The artifact with a picture of the page. */
  readonly screenshot?: string;
  /** The action that an approval covers. */
  readonly actionId?: string;
}

/**
 * What came of a question. The answer to `APPROVE` and `TAKE_OVER` is `approve` or `deny`, to `BROWSER_STATE` (and, where the person likes, `TAKE_OVER`)
 * Playwright's storageState in JSON. `expired`: nobody answered in time. `nobody`: nobody is there to be asked.
 */
export type PersonSaid = { readonly answer: string } | "expired" | "nobody";

/** Whoever answers what a run cannot decide by itself. */
export interface Person {
  /** Whether the run waits for anybody at all. */
  readonly isThere: boolean;
  /**
   * Asks, and waits for the answer; the run is WAITING meanwhile. One question at a time: others take their turn.
   *
   * @throws the signal's reason, and TERMINATED once the run is being stopped.
   */
  ask(question: Question, signal: AbortSignal): Promise<PersonSaid>;
}

/** What asking a person needs. */
export interface PersonOptions {
  readonly attempt: number;
  /** How long the run may wait for people in all; nobody is there when 0. */
  readonly waitSeconds: number;
  readonly report: Report;
  /** Takes the answers that are secrets, before anybody has them. */
  readonly secrets: KnownSecrets;
  /** Ends every question: the run is being stopped. */
  readonly stopping: AbortSignal;
}

type Delivered = PersonSaid | "lost";

const promptChars = 2_000;

/**
 * Asks through the run's events, and is given the answers by the orchestrator, whose clock alone decides what is late: what is in the journal
 * and what the work goes by can then never differ.
 */
export class RemotePerson implements Person {
  readonly #options: PersonOptions;
  #asked = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #open: { readonly inputId: string; readonly kind: Question["kind"]; readonly answered: PromiseWithResolvers<Delivered> } | undefined;

  constructor(options: PersonOptions) {
    this.#options = options;
  }

  get isThere(): boolean {
    return this.#options.waitSeconds > 0;
  }

  ask(question: Question, signal: AbortSignal): Promise<PersonSaid> {
    if (!this.isThere) return Promise.resolve("nobody");
    const said = this.#turn.then(() => this.#ask(question, signal));
    this.#turn = said.catch(() => {});
    return said;
  }

  /** Takes what a person answered. What was answered before, or was never asked, changes nothing. */
  deliver({ inputId, answer, expired, lost }: DeliverInputRequest): void {
    if (this.#open?.inputId !== inputId) return;
    const { kind, answered } = this.#open;
    if (!expired && !lost) this.#options.secrets.add(secretsIn(kind, answer));
    answered.resolve(lost ? "lost" : expired ? "expired" : { answer });
  }

  async #ask(question: Question, signal: AbortSignal): Promise<PersonSaid> {
    using link = linkSignals(signal, this.#options.stopping);
    for (;;) {
      const delivered = await this.#askOnce(question, link.signal);
      if (delivered !== "lost") return delivered;
    }
  }

  async #askOnce({ kind, prompt, ...rest }: Question, signal: AbortSignal): Promise<Delivered> {
    signal.throwIfAborted();
    const { attempt, waitSeconds, report, secrets } = this.#options;
    const inputId = `input-${attempt}-${++this.#asked}`;
    const answered = Promise.withResolvers<Delivered>();
    this.#open = { inputId, kind, answered };
    // Masked before it is cut: the first half of a secret is no longer found.
    const shown = secrets.redact(prompt).slice(0, promptChars);
    const value = InputRequested.fromPartial({
      ...rest,
      inputId,
      kind: InputRequested_Kind[kind],
      prompt: shown,
      choices: [...(rest.choices ?? [])],
      expireTime: new Date(Date.now() + waitSeconds * 1_000),
    });
    try {
      await abortable(report.confirm({ summary: `Asks a person: ${shown}`, payload: { $case: "inputRequested", value } }), signal);
      return await abortable(answered.promise, signal);
    } finally {
      this.#open = undefined;
    }
  }
}

function secretsIn(kind: Question["kind"], answer: string): readonly string[] {
  if (kind === "SECRET") return [answer];
  return kind === "BROWSER_STATE" || kind === "TAKE_OVER" ? browserStateSecrets(answer) : [];
}

/** Says why something failed that needed a person and got no answer. */
export function unansweredFault(said: "expired" | "nobody", what: string): Fault {
  return said === "nobody"
    ? new Fault("NO_PERSON", { message: `${what} needs a person, and nobody is there: give the run waitForPersonSeconds, and answer.` })
    : new Fault("INPUT_EXPIRED", { message: `${what} needs a person, and nobody answered in time.` });
}
