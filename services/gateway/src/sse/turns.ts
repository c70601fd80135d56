import { Bell } from "../hub/bell.ts";

/** Whose turn it is to write, of many who share one response: those who wrote longest ago are woken first. */
export class Turns {
  /** Whoever wrote last is last. */
  readonly #bells: Map<string, Bell>;

  /** Begins in the order of the runs. */
  constructor(runs: readonly string[]) {
    this.#bells = new Map(runs.map((runId) => [runId, new Bell()]));
  }

  /** What wakes the reader of a run. */
  bellOf(runId: string): Bell {
    const bell = this.#bells.get(runId);
    if (bell === undefined) throw new Error("A run that was not named.");
    return bell;
  }

  /** Notes that a run has written: all others come before it. */
  took(runId: string): void {
    const bell = this.bellOf(runId);
    this.#bells.delete(runId);
    this.#bells.set(runId, bell);
  }

  /** Wakes all; the first that has something to write takes the room. */
  ring(): void {
    // Who writes within its ring is last from then on.
    for (const bell of [...this.#bells.values()]) bell.ring();
  }
}
