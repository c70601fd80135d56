/** Wakes one loop. It carries no data and is never missed: a ring that nobody waits for ends the next wait at once. */
export class Bell {
  #isRung = false;
  #wake: (() => void) | undefined;

  /** Ends the wait, this one or the next, or has `until` look, before it returns. A function of its own, so that it can be handed out. */
  readonly ring = (): void => {
    const wake = this.#wake;
    if (wake === undefined) this.#isRung = true;
    else {
      this.#wake = undefined;
      wake();
    }
  };

  /** Looks each time the bell rings, within the ring, until there is something; answers that, or rejects with what `look` throws. One at a time. */
  until<T>(look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const wake = () => {
        try {
          do {
            this.#isRung = false;
            const found = look();
            if (found !== undefined) return resolve(found);
          } while (this.#isRung);
          this.#wake = wake;
        } catch (error) {
          reject(error);
        }
      };
      if (this.#isRung) wake();
      else this.#wake = wake;
    });
  }

  /** Waits until the bell rings. One at a time. */
  wait(): Promise<void> {
    if (this.#isRung) {
      this.#isRung = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
