import type { Socket } from "node:net";

/** The connections of a sandbox that are open, or being opened, to the world; bounded. */
export class FarConnections implements Disposable {
  readonly #most: number;
  readonly #open = new Set<Socket>();
  #opening = 0;
  #isClosed = false;
  #cuts = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether there are as many as there may be. */
  get isFull(): boolean {
    return this.#opening + [...this.#open].filter(({ destroyed }) => !destroyed).length >= this.#most;
  }

  /** Opens one more. Whoever gets it destroys it. @throws Error with the code TOO_MANY_CONNECTIONS where there are as many as there may be. */
  async add(open: () => Promise<Socket>): Promise<Socket> {
    if (this.isFull) throw coded("TOO_MANY_CONNECTIONS");
    this.#opening++;
    const cuts = this.#cuts;
    try {
      const socket = await open();
      this.#open.add(socket);
      socket.once("close", () => this.#open.delete(socket));
      if (!this.#isClosed && cuts === this.#cuts) return socket;
      socket.destroy();
      throw coded("CLOSED");
    } finally {
      this.#opening--;
    }
  }

  /** Ends them all, and those that are being opened once they are; later ones are opened as ever. */
  cut(): void {
    this.#cuts += 1;
    for (const socket of this.#open) socket.destroy();
  }

  /** Ends them as `cut` does, and lets no other be opened. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.cut();
  }
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}
