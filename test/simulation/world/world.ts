import { AsyncLocalStorage } from "node:async_hooks";
import { Agenda, type Entry } from "./agenda.ts";
import { createRandom, type Random } from "./random.ts";
import { SimulatedProcess } from "./simulated-process.ts";

/** What was asked to be done, and can be called off. */
export type Scheduled = Entry<SimulatedProcess>;

/** When a world gives up on itself. */
export interface Bounds {
  readonly picks: number;
}

/** The moment a simulated world begins, in milliseconds since 1970. */
export const beginningMs = Date.UTC(2030, 0, 1);

// Taken before anything is put in their place.
const laterInThisLoop = globalThis.setImmediate;
/** How many entries are done before the real event loop has a turn of its own. */
const burst = 64;

const running = new AsyncLocalStorage<SimulatedProcess>();

/**
 * The clock, the processes and all that happens in them: one thing at a time, in an order that follows from the seed.
 *
 * Every wait of the simulated code, for a timer, a disk or another process, is an entry of one agenda. Between two entries all
 * promises settle, so an entry and what follows from it at once are one step.
 */
export class World {
  readonly random: Random;
  /** The harness itself: what belongs to no simulated process. */
  readonly outside = new SimulatedProcess("outside", 1);
  readonly #agenda = new Agenda<SimulatedProcess>();
  readonly #processes: SimulatedProcess[] = [];
  #nowMs = 0;
  #picks = 0;
  #pids = 100;

  constructor(seed: number) {
    this.random = createRandom(seed, 1);
  }

  /** Milliseconds since the world began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many steps were made. */
  get picks(): number {
    return this.#picks;
  }

  /** The processes that live. */
  get processes(): readonly SimulatedProcess[] {
    return this.#processes.filter(({ isAlive }) => isAlive);
  }

  /** Who runs just now. */
  get current(): SimulatedProcess {
    return running.getStore() ?? this.outside;
  }

  /** All that is still to be done. */
  get pending(): readonly Scheduled[] {
    return [...this.#agenda.entries(), ...this.#processes.flatMap(({ held }) => held)];
  }

  /** Starts a process with what it does first. */
  spawn(name: string, main: (process: SimulatedProcess) => void): SimulatedProcess {
    const process = new SimulatedProcess(name, this.#pids++);
    this.#processes.push(process);
    running.run(process, main, process);
    return process;
  }

  /** Has something done by a process, after a while. */
  after(ms: number, owner: SimulatedProcess, run: () => void, onAbandon?: () => void): Scheduled {
    return this.at(this.#nowMs + Math.max(0, ms), owner, run, onAbandon);
  }

  /** Has something done by a process at a moment: what is entered for the same one is done in the order it was entered. */
  at(atMs: number, owner: SimulatedProcess, run: () => void, onAbandon?: () => void): Scheduled {
    const entry: Scheduled = { owner, run, onAbandon, atMs, order: 0, pending: owner.isAlive };
    if (owner.isAlive) this.#agenda.add(entry);
    return entry;
  }

  /** Waits, in the name of whoever runs. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, this.current, resolve));
  }

  /** Ends a process where it stands: nothing it waits for comes any more. */
  kill(process: SimulatedProcess): void {
    if (!process.isAlive) return;
    process.state = "dead";
    this.#processes.splice(this.#processes.indexOf(process), 1);
    const left = [...this.#agenda.entries().filter(({ owner }) => owner === process), ...process.held];
    process.held.length = 0;
    for (const entry of left) {
      entry.pending = false;
      entry.onAbandon?.();
    }
    running.run(this.outside, () => {
      for (const tell of process.onDeath) tell();
    });
  }

  /** Stops a process: time passes, and it does nothing. */
  pause(process: SimulatedProcess): void {
    if (process.state === "running") process.state = "paused";
  }

  /** Lets a stopped process go on with all that has become due. */
  resume(process: SimulatedProcess): void {
    if (process.state !== "paused") return;
    process.state = "running";
    for (const entry of process.held.splice(0)) {
      entry.atMs = this.#nowMs;
      this.#agenda.add(entry);
    }
  }

  /** Lets things happen until `isOver`, nothing is left to happen, or a bound is reached; answers which. */
  run(isOver: () => boolean, bounds: Bounds): Promise<"over" | "idle" | "bound"> {
    return new Promise((resolve, reject) => {
      let ended = false;
      const end = (how: "over" | "idle" | "bound") => {
        ended = true;
        resolve(how);
      };
      const step = () => {
        if (ended) return;
        try {
          if (isOver()) return end("over");
          if (this.#picks >= bounds.picks) return end("bound");
          if (!this.#step()) end("idle");
        } catch (error) {
          ended = true;
          reject(error);
        }
      };
      const steps = () => {
        for (let count = 1; count < burst; count++) laterInThisLoop(step);
        laterInThisLoop(() => {
          step();
          if (!ended) laterInThisLoop(steps);
        });
      };
      steps();
    });
  }

  #step(): boolean {
    for (;;) {
      const entry = this.#agenda.take();
      if (entry === undefined) return false;
      if (!entry.pending) continue;
      this.#nowMs = Math.max(this.#nowMs, entry.atMs);
      if (entry.owner.state === "paused") {
        entry.owner.held.push(entry);
        continue;
      }
      entry.pending = false;
      this.#picks += 1;
      running.run(entry.owner, entry.run);
      return true;
    }
  }
}
