import type { Clock } from "./clock.ts";

/** A clock that goes on when it is told to. */
export class HandClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ due: number; readonly ring: () => void }>();
  readonly random = () => 0.5;
  readonly now = () => this.#now;

  afterTurn(act: () => void): void {
    act();
  }

  startTimer(ms: number, ring: () => void) {
    const timer = { due: this.#now + ms, ring };
    this.#timers.add(timer);
    const restart = () => {
      timer.due = this.#now + ms;
      this.#timers.add(timer);
    };
    return { restart, [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  /** Goes to a moment, and rings what is due on the way, each at its time. */
  goTo(ms: number): void {
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.due - b.due);
      if (next === undefined || next.due > ms) break;
      this.#timers.delete(next);
      this.#now = next.due;
      next.ring();
    }
    this.#now = ms;
  }

  get isIdle(): boolean {
    return this.#timers.size === 0;
  }
}
