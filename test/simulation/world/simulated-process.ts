import type { Entry } from "./agenda.ts";

/** One process of the simulated machine. What it has begun belongs to it and ends with it, at whatever point that stands. */
export class SimulatedProcess {
  readonly name: string;
  readonly pid: number;
  state: "running" | "paused" | "dead" = "running";
  /** What became due while it was stopped. */
  readonly held: Entry<SimulatedProcess>[] = [];
  /** Its open files. */
  readonly files = new Set<number>();
  /** Told once, when it has died. */
  readonly onDeath = new Set<() => void>();

  constructor(name: string, pid: number) {
    this.name = name;
    this.pid = pid;
  }

  get isAlive(): boolean {
    return this.state !== "dead";
  }
}
