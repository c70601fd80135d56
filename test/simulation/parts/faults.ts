import type { Fault } from "../plan.ts";
import { loseDatabases } from "../platform/sqlite.ts";
import type { SimulatedProcess } from "../world/simulated-process.ts";
import type { HttpNetwork } from "./http.ts";
import type { KeptProcess } from "./kept-process.ts";
import type { Stage } from "./stage.ts";

/** What can be hurt. */
interface Victims {
  readonly orchestrator: KeptProcess;
  readonly gateways: readonly KeptProcess[];
  readonly readers: KeptProcess[];
  readonly handOver: (ms: number) => void;
}

/** Makes things go wrong, and knows since when nothing does. */
export class Faults {
  readonly #stage: Stage;
  readonly #http: HttpNetwork;
  readonly #victims: Victims;
  #healedAtMs = 0;

  constructor(stage: Stage, http: HttpNetwork, victims: Victims) {
    this.#stage = stage;
    this.#http = http;
    this.#victims = victims;
  }

  /** When the last thing that went wrong was over, in milliseconds since the beginning. */
  get healedAtMs(): number {
    return this.#healedAtMs;
  }

  get isHealed(): boolean {
    return this.#stage.world.nowMs >= this.#healedAtMs;
  }

  get readers(): readonly KeptProcess[] {
    return this.#victims.readers;
  }

  addReader(reader: KeptProcess): void {
    this.#victims.readers.push(reader);
  }

  apply(fault: Fault): void {
    const victim = "process" in fault ? this.#victim(fault.process) : undefined;
    this.#stage.note({ kind: "fault", fault, struck: victim?.process.name });
    const { network, disk, world } = this.#stage;
    switch (fault.kind) {
      case "kill":
        this.#lasts(fault.ms);
        if (victim === undefined) return;
        this.#stage.kill(victim.process);
        victim.kept?.restart(fault.ms);
        break;
      case "pause":
        if (victim === undefined) return;
        world.pause(victim.process);
        this.#afterwards(fault.ms, () => world.resume(victim.process));
        break;
      case "hand over":
        this.#lasts(fault.ms);
        this.#victims.handOver(fault.ms);
        break;
      case "power loss":
        this.#losePower(fault.ms);
        break;
      case "cut":
        this.#lasts(Math.max(fault.clientMs, fault.serverMs));
        for (const connection of [...network.connections, ...this.#http.connections])
          if (fault.line === "all" || connection.line === fault.line) connection.break(fault);
        break;
      case "slow network":
        this.#slow(fault.times);
        this.#afterwards(fault.ms, () => this.#slow(1));
        break;
      case "disk full":
        disk.isFull = true;
        this.#afterwards(fault.ms, () => {
          disk.isFull = false;
        });
        break;
      case "sync fails":
        disk.failingSyncs += fault.count;
    }
  }

  #slow(times: number): void {
    for (const net of [this.#stage.network, this.#http]) net.slowness = times;
  }

  /** One of the processes of a kind, with what keeps it alive; undefined where there is none just now. */
  #victim(name: string): { readonly process: SimulatedProcess; readonly kept: KeptProcess | undefined } | undefined {
    const { world } = this.#stage;
    const { orchestrator, gateways, readers } = this.#victims;
    const kept = { orchestrator: [orchestrator], gateway: gateways, reader: readers }[name];
    if (kept === undefined) {
      const found = world.processes.filter((process) => process.name.startsWith(`${name} `));
      const process = found[world.random.whole(0, found.length - 1)];
      return process === undefined ? undefined : { process, kept: undefined };
    }
    const one = kept[world.random.whole(0, kept.length - 1)];
    return one?.process === undefined ? undefined : { process: one.process, kept: one };
  }

  /** The machine with the volume goes off: orchestrator and sandboxes at once, without a word to anybody. */
  #losePower(ms: number): void {
    const { world, network, disk } = this.#stage;
    this.#lasts(ms);
    const off = world.processes.filter(({ name }) => /^(orchestrator|warden|agent)/.test(name));
    for (const connection of network.connections) {
      if (!off.includes(connection.server)) continue;
      const late = world.random.whole(0, 30_000);
      this.#lasts(late);
      connection.break({ delivers: false, clientMs: late, serverMs: 0 });
    }
    for (const process of off) this.#stage.kill(process);
    disk.crash(world.random);
    if (world.random.chance(0.5)) loseDatabases(disk);
    this.#stage.bootId += 1;
    this.#victims.orchestrator.restart(ms);
  }

  #afterwards(ms: number, undo: () => void): void {
    this.#lasts(ms);
    const { world } = this.#stage;
    world.after(ms, world.outside, undo);
  }

  #lasts(ms: number): void {
    const { world } = this.#stage;
    this.#healedAtMs = Math.max(this.#healedAtMs, world.nowMs + ms);
    // So that the clock gets there, also when nobody waits for anything.
    world.after(ms + 1, world.outside, () => {});
  }
}
