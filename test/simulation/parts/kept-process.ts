import type { SimulatedProcess } from "../world/simulated-process.ts";
import type { World } from "../world/world.ts";

/** How a process is started; `ended` is to be called where it ends by itself. */
export type Start = (ended: () => void) => SimulatedProcess;

/** Milliseconds after which a process that ended by itself is started again. */
const againMs = 1_000;

/** A process that is started again whenever it ends, as an operator's init does, until it is let go. */
export class KeptProcess {
  readonly #world: World;
  readonly #start: Start;
  #process: SimulatedProcess | undefined;
  #letGo = false;

  constructor(world: World, start: Start) {
    this.#world = world;
    this.#start = start;
    this.#again(0);
  }

  /** The process as it is now; undefined between two of them. */
  get process(): SimulatedProcess | undefined {
    return this.#process?.isAlive === true ? this.#process : undefined;
  }

  /** Starts it again in so many milliseconds; whoever calls has ended it. */
  restart(ms: number): void {
    this.#process = undefined;
    this.#again(ms);
  }

  /** Starts it no more. */
  letGo(): void {
    this.#letGo = true;
  }

  #again(ms: number): void {
    this.#world.after(ms, this.#world.outside, () => {
      if (this.#letGo || this.process !== undefined) return;
      this.#process = this.#start(() => this.restart(againMs));
    });
  }
}
