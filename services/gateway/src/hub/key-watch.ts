import { Fault } from "@clew/fault/fault";
import { forEachOf } from "@clew/streams/for-each-of";
import type { Clock, Timer } from "./clock.ts";
import type { Judge } from "./judge.ts";

/** How many keys are asked about at once. */
const atOnce = 16;

/** A reader whose stream is open, and what ends it. */
export interface WatchedReader {
  /** The key it reads with, or with which its ticket was made, as the orchestrator calls it; undefined where it needed none. */
  readonly keyId: string | undefined;
  readonly judge: Judge;
  readonly end: (fault: Fault) => void;
}

/**
 * Ends streams whose key has ended. What readers share is read with the gateway's own key, so nobody would notice: of each key one reader is judged
 * again every so often, for all who read with it. Disposing it ends nothing.
 */
export class KeyWatch implements Disposable {
  readonly #readers = new Map<string, Set<WatchedReader>>();
  readonly #ending = new AbortController();
  readonly #timer: Timer;

  /** Looks every `lookMs` milliseconds. */
  constructor(clock: Clock, lookMs: number) {
    this.#timer = clock.startTimer(lookMs, () => void this.#look().finally(() => this.#ending.signal.aborted || this.#timer.restart()));
  }

  /** Watches a reader's key until the answer is disposed. */
  enter(reader: WatchedReader): Disposable {
    const { keyId } = reader;
    if (keyId === undefined) return { [Symbol.dispose]() {} };
    const others = this.#readers.get(keyId) ?? new Set();
    this.#readers.set(keyId, others.add(reader));
    return {
      [Symbol.dispose]: () => {
        others.delete(reader);
        if (others.size === 0 && this.#readers.get(keyId) === others) this.#readers.delete(keyId);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#ending.abort(new Fault("SHUTTING_DOWN"));
    this.#timer[Symbol.dispose]();
  }

  async #look(): Promise<void> {
    await forEachOf([...this.#readers.values()], atOnce, (readers) => this.#lookAt(readers));
  }

  async #lookAt(readers: ReadonlySet<WatchedReader>): Promise<void> {
    const [one] = readers;
    const fault = one && (await this.#refusalOf(one));
    if (fault !== undefined) for (const reader of [...readers]) reader.end(fault);
  }

  /** Why a key may read no more; undefined where it may, or nobody can say now. A ticket whose own time is over says that its key holds. */
  async #refusalOf({ judge }: WatchedReader): Promise<Fault | undefined> {
    try {
      await judge("now", this.#ending.signal);
      return undefined;
    } catch (error) {
      const fault = Fault.from(error);
      const isRefused = fault.code === "UNAUTHENTICATED" || fault.code === "PERMISSION_DENIED";
      return isRefused && fault.reason !== "TICKET_EXPIRED" ? fault : undefined;
    }
  }
}
