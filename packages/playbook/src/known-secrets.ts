import { createRedact, type Redact } from "./redact.ts";

/** The secrets of a run as far as they are known: those it began with, and what a person added since. */
export class KnownSecrets {
  readonly #values: Set<string>;
  #redact: Redact;

  constructor(values: Iterable<string>) {
    this.#values = new Set(values);
    this.#redact = createRedact(this.#values);
  }

  /** All of them, as of now. */
  get values(): readonly string[] {
    return [...this.#values];
  }

  /** How many there are; it only grows. */
  get count(): number {
    return this.#values.size;
  }

  /** From now on these are secrets too. */
  add(values: Iterable<string>): void {
    const known = this.#values.size;
    for (const value of values) this.#values.add(value);
    if (this.#values.size > known) this.#redact = createRedact(this.#values);
  }

  /** Masks all that are known when it is called. */
  readonly redact: Redact = (value) => this.#redact(value);
}
