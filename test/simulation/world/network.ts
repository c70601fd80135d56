import type { SimulatedProcess } from "./simulated-process.ts";
import type { World } from "./world.ts";

/** How a connection is broken. */
export interface Break {
  /** Whether what was under way still arrives. */
  readonly delivers: boolean;
  /** Milliseconds until each end learns of it; a half-open connection's ends learn late, or by their own means. */
  readonly clientMs: number;
  readonly serverMs: number;
}

type End = "client" | "server";

/** One connection between two processes. What is sent arrives in order, after a while, as long as it holds. */
export class Connection {
  readonly client: SimulatedProcess;
  readonly server: SimulatedProcess;
  /** Which line it runs over, for those who cut lines. */
  readonly line: string;
  readonly #network: Network;
  readonly #arrivesMs = { client: 0, server: 0 };
  readonly #broken: { client: (() => void)[]; server: (() => void)[] } = { client: [], server: [] };
  #delivers = true;
  #closed = false;

  constructor(network: Network, line: string, client: SimulatedProcess, server: SimulatedProcess) {
    this.#network = network;
    this.line = line;
    this.client = client;
    this.server = server;
  }

  /** Has something done at an end. */
  send(to: End, arrive: () => void): void {
    if (this.#closed) return;
    const { world } = this.#network;
    const atMs = Math.max(this.#arrivesMs[to], world.nowMs + this.#network.latencyMs());
    this.#arrivesMs[to] = atMs;
    // The moment itself: now and the time until then add up to one a little earlier at times, and what was sent later would overtake.
    world.at(atMs, this[to], () => {
      if (this.#delivers) arrive();
    });
  }

  /** Has something done at an end once it learns that the connection is lost. */
  onBroken(end: End, tell: () => void): void {
    this.#broken[end].push(tell);
  }

  /** Ends it in good order: both ends have had what they wanted. */
  close(): void {
    this.#closed = true;
    this.#network.forget(this);
  }

  break({ delivers, clientMs, serverMs }: Break): void {
    if (this.#closed) return;
    this.#delivers = delivers;
    this.close();
    const { world } = this.#network;
    const delays = { client: clientMs, server: serverMs };
    for (const end of ["client", "server"] as const) {
      world.after(delays[end], this[end], () => {
        for (const tell of this.#broken[end].splice(0)) tell();
      });
    }
  }
}

/** What listens at an address. */
interface Listener<Served> {
  readonly process: SimulatedProcess;
  readonly served: Served;
}

/** Connections between the processes of one machine, or of many: nothing tells them apart. */
export class Network<Served = unknown> {
  readonly world: World;
  /** How many times as long everything takes. */
  slowness = 1;
  /** Told of an error that whoever serves did not mean. */
  onUnexpected: (error: unknown, where: string) => void = () => {};
  readonly #listeners = new Map<string, Listener<Served>>();
  readonly #connections = new Set<Connection>();

  constructor(world: World) {
    this.world = world;
  }

  /** The connections that hold. */
  get connections(): readonly Connection[] {
    return [...this.#connections];
  }

  /** Listens, for as long as the process that runs lives or until it stops. */
  listen(address: string, served: Served): Disposable {
    const process = this.world.current;
    const listener = { process, served };
    this.#listeners.set(address, listener);
    const stop = () => {
      if (this.#listeners.get(address) === listener) this.#listeners.delete(address);
    };
    process.onDeath.add(stop);
    return { [Symbol.dispose]: stop };
  }

  /** Opens a connection in the name of the process that runs; undefined where nobody listens. */
  open(address: string, line: string): { readonly connection: Connection; readonly served: Served } | undefined {
    const listener = this.#listeners.get(address);
    if (listener === undefined || !listener.process.isAlive) return undefined;
    const connection = new Connection(this, line, this.world.current, listener.process);
    this.#connections.add(connection);
    return { connection, served: listener.served };
  }

  /** Breaks what a dead process had open; the other end hears of it soon, as the dead one's kernel says so. */
  dropOf(process: SimulatedProcess): void {
    for (const connection of this.#connections) {
      if (connection.client !== process && connection.server !== process) continue;
      const ms = this.latencyMs();
      connection.break({ delivers: this.world.random.chance(0.5), clientMs: ms, serverMs: ms });
    }
  }

  forget(connection: Connection): void {
    this.#connections.delete(connection);
  }

  latencyMs(): number {
    const { random } = this.world;
    const ms = 0.05 + random.next() * (random.chance(0.05) ? 40 : 1);
    return ms * this.slowness;
  }
}
