import type { Fault } from "@clew/fault/fault";
import { type Backoff, createBackoff } from "@clew/streams/backoff";
import { delay } from "@clew/streams/delay";
import { cancelled } from "./cancelled.ts";

/** Why a connection is over although the end was not seen. */
export interface Cut {
  readonly fault: Fault;
  /** Milliseconds the service asked to wait; otherwise the backoff decides. */
  readonly afterMs?: number;
  /** Whether the service answered something that does not fit: worth few tries only. */
  readonly odd?: boolean;
}

/** How long to go on. */
export interface ReconnectOptions {
  readonly signal: AbortSignal;
  /** Milliseconds without an answer after which to give up, before the first answer. To be asked to come back later is an answer. */
  readonly connectPatienceMs: number;
  /** The same after the first answer; and as long a service may ask to come back later, again and again. */
  readonly reconnectPatienceMs: number;
  /** Told why, once until the service answers again: when a connection is cut, or when the service itself asks to come back later a second time in a row. */
  readonly onTrouble?: ((fault: Fault) => void) | undefined;
  /** The longest first wait between two connections, in milliseconds, until the service names another; 500 unless given. */
  readonly backoffMs?: number | undefined;
  /** A number in [0, 1); Math.random unless given. */
  readonly random?: (() => number) | undefined;
}

/** Odd answers in a row, without one event between them, after which there is no point. */
const maxOddities = 5;
const longestWaitMs = 60_000;
const longestBackoffMs = 15_000;

/** When to connect again, and when to give up. */
export class Reconnects {
  readonly #options: ReconnectOptions;
  readonly #random: () => number;
  readonly #backoff: Backoff;
  #patienceMs: number;
  /** Since when nobody answers. */
  #troubledSince: number | undefined;
  /** Since when the service asks to come back later. */
  #putOffSince: number | undefined;
  #isTold = false;
  #oddities = 0;

  constructor(options: ReconnectOptions) {
    this.#options = options;
    const { backoffMs = 500, random = Math.random } = options;
    this.#random = random;
    this.#backoff = createBackoff({ initialMs: backoffMs, maxMs: Math.max(backoffMs, longestBackoffMs), random });
    this.#patienceMs = options.connectPatienceMs;
  }

  /** The service answers: what troubled before is over. */
  answered(): void {
    this.#troubledSince = undefined;
    this.#putOffSince = undefined;
    this.#isTold = false;
    this.#patienceMs = this.#options.reconnectPatienceMs;
  }

  /** The reader came a step further. */
  progressed(): void {
    this.#oddities = 0;
    this.#backoff.reset();
  }

  /** The service asks to wait about this long before a connection that is cut is made again (`retry:` of server-sent events). */
  wishFor(retryMs: number): void {
    this.#backoff.reset(retryMs);
  }

  /** Counts an answer that does not fit. Throws its fault where there were too many. */
  odd(fault: Fault): void {
    this.#oddities += 1;
    if (this.#oddities >= maxOddities) throw fault;
  }

  /** Waits until it is time to connect again. Throws the cut's fault when patience is over, and what the signal says. */
  async wait({ fault, afterMs, odd }: Cut): Promise<void> {
    const { signal } = this.#options;
    const since = afterMs === undefined ? this.#troubled(fault) : this.#putOff(fault);
    if (odd === true) this.odd(fault);
    if (performance.now() - since > this.#patienceMs) throw fault;
    // Up to a fifth more than was asked: those who were sent away together should not come back together.
    const waitMs = afterMs === undefined ? this.#backoff.next() : Math.min(afterMs, longestWaitMs) * (1 + this.#random() / 5);
    await delay(waitMs, { signal }).catch(() => {
      throw cancelled(signal);
    });
  }

  #troubled(fault: Fault): number {
    this.#tell(fault);
    this.#troubledSince ??= performance.now();
    return this.#troubledSince;
  }

  #tell(fault: Fault): void {
    if (!this.#isTold) this.#options.onTrouble?.(fault);
    this.#isTold = true;
  }

  /** The time it asks for is no time without an answer. */
  #putOff(fault: Fault): number {
    // Once is how every planned close goes.
    if (this.#putOffSince !== undefined) this.#tell(fault);
    this.#troubledSince = undefined;
    this.#patienceMs = this.#options.reconnectPatienceMs;
    this.#putOffSince ??= performance.now();
    return this.#putOffSince;
  }
}

/** What a fault means for a stream: worth another connection, or not; then it is thrown. */
export function cutBy(fault: Fault): Cut {
  if (fault.retryable) return fault.retryAfterMs === undefined ? { fault } : { fault, afterMs: fault.retryAfterMs };
  if (fault.code === "INTERNAL" || fault.code === "UNKNOWN") return { fault, odd: true };
  throw fault;
}
