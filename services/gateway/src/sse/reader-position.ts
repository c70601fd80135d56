import type { RunEvent } from "@clew/proto/connect/clew/run/v1/run_event_pb";

/** Where one reader of one run stands, and which event may come next. */
export class ReaderPosition {
  #token: string;
  #sequence: number | undefined;
  readonly #isFiltered: boolean;

  /** Starts at the token a reader gave. Only an empty one and a plain number say which sequence comes next. */
  constructor(token: string, isFiltered: boolean) {
    this.#token = token;
    this.#sequence = token === "" ? 0 : /^\d{1,10}$/.test(token) ? Number(token) : undefined;
    this.#isFiltered = isFiltered;
  }

  /** The token to read on from. */
  get token(): string {
    return this.#token;
  }

  /** Moves to a token that came without events. */
  moveTo(token: string): void {
    if (token !== "") this.#token = token;
  }

  /** Starts again from a token that names another place. */
  resetTo(token: string): void {
    this.#token = token;
    this.#sequence = undefined;
  }

  /** Takes the events that follow, up to the first that does not; `isInOrder` says whether that was all of them. */
  admit(events: readonly RunEvent[]): { readonly admitted: readonly RunEvent[]; readonly isInOrder: boolean } {
    const admitted: RunEvent[] = [];
    for (const event of events) {
      if (!this.#isNext(event.sequence)) return { admitted, isInOrder: false };
      this.#sequence = event.sequence;
      this.moveTo(event.resumeToken);
      admitted.push(event);
    }
    return { admitted, isInOrder: true };
  }

  /** Whether nothing is missing before an end at this sequence, as far as can be known. */
  isCompleteAt(lastSequence: number): boolean {
    return this.#isFiltered || this.#sequence === undefined || this.#sequence === lastSequence;
  }

  #isNext(sequence: number): boolean {
    if (this.#sequence === undefined) return true;
    return this.#isFiltered ? sequence > this.#sequence : sequence === this.#sequence + 1;
  }
}
