import { abortable } from "./abortable.ts";

/** Lets one at a time go on, in the order in which they came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Waits for one's turn. Whoever has it disposes it, and the next goes on. Rejects with the signal's reason as soon as that aborts. */
  async take(signal?: AbortSignal): Promise<Disposable> {
    const before = this.#last;
    const over = Promise.withResolvers<void>();
    this.#last = Promise.all([before, over.promise]);
    try {
      await abortable(before, signal);
    } catch (error) {
      over.resolve();
      throw error;
    }
    return { [Symbol.dispose]: () => over.resolve() };
  }
}
