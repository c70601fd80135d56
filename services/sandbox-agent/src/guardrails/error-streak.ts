import { Fault } from "@clew/fault/fault";

/** Counts errors one after another. */
export class ErrorStreak {
  readonly #most: number;
  #length = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes in how an action ended; answers the Fault that ends the run when there were more errors in a row than may be. */
  record(failure: Fault | undefined): Fault | undefined {
    if (failure === undefined) {
      this.#length = 0;
      return undefined;
    }
    if (++this.#length <= this.#most) return undefined;
    return new Fault("TOO_MANY_ERRORS", {
      message: `${this.#length} actions failed one after another, and ${this.#most} may; the last: ${failure.message}`,
      details: { rule: "consecutive_errors", cause: failure.reason },
      cause: failure,
    });
  }
}
