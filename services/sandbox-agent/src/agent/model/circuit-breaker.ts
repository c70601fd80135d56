/** When a breaker opens, and for how long. */
export interface CircuitBreakerOptions {
  /** How many failures in a row open it; 3 unless given. */
  readonly threshold?: number;
  /** Milliseconds it stays open before one call may try; 30,000 unless given. */
  readonly recoveryMs?: number;
}

/** Keeps calls from what has just failed again and again. Closed: all may try. Open: none. Half open: one may, and decides. */
export class CircuitBreaker {
  readonly #threshold: number;
  readonly #recoveryMs: number;
  #failures = 0;
  #openUntilMs = Number.NEGATIVE_INFINITY;

  constructor({ threshold = 3, recoveryMs = 30_000 }: CircuitBreakerOptions = {}) {
    this.#threshold = threshold;
    this.#recoveryMs = recoveryMs;
  }

  /** Milliseconds until a call may try; 0 where one may now. */
  waitMs(nowMs: number): number {
    return this.#failures < this.#threshold ? 0 : Math.max(0, this.#openUntilMs - nowMs);
  }

  /** Takes the right to try, where there is one. Half open, the next has it only once this one has answered, or another recovery time has passed. */
  tryNow(nowMs: number): boolean {
    if (this.waitMs(nowMs) > 0) return false;
    this.#openUntilMs = nowMs + this.#recoveryMs;
    return true;
  }

  /** A call was answered. */
  succeed(): void {
    this.#failures = 0;
  }

  /** A call failed in a way that says something of the other side. */
  fail(nowMs: number): void {
    this.#failures += 1;
    this.#openUntilMs = nowMs + this.#recoveryMs;
  }
}
