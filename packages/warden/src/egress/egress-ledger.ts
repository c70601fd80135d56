import type { Socket } from "node:net";

/** What a sandbox exchanged with one host and port, or was kept from. */
export interface EgressEntry {
  readonly host: string;
  readonly port: number;
  /** The rule that denied it; empty where it was allowed. */
  readonly rule: string;
  /** How often it was asked for. */
  connections: number;
  bytesSent: number;
  bytesReceived: number;
  /** Milliseconds since the epoch. */
  readonly firstTimeMs: number;
  lastTimeMs: number;
}

/** What is known of all the entries that found no place. */
const elsewhere = { host: "*", port: 0 };

/** The record of all connections of a sandbox, one entry a host, port and rule; bounded: what comes beyond `mostEntries` is added up under `*`. */
export class EgressLedger {
  readonly #entries = new Map<string, EgressEntry>();
  readonly #mostEntries: number;
  readonly #now: () => number;
  readonly #followed = new Map<Socket, () => void>();

  constructor({ mostEntries = 1_000, now = Date.now }: { readonly mostEntries?: number; readonly now?: () => number } = {}) {
    this.#mostEntries = mostEntries;
    this.#now = now;
  }

  /** Notes one attempt to connect; answers its entry, to which the bytes are added, and whether it is the first of its kind. */
  note(host: string, port: number, rule: string): { readonly entry: EgressEntry; readonly isFirst: boolean } {
    const known = this.#entries.get(keyOf(host, port, rule));
    if (known !== undefined) return { entry: this.#touch(known), isFirst: false };
    const place = this.#entries.size < this.#mostEntries ? { host, port } : elsewhere;
    const key = keyOf(place.host, place.port, rule);
    const entry = this.#entries.get(key) ?? {
      ...place,
      rule,
      connections: 0,
      bytesSent: 0,
      bytesReceived: 0,
      firstTimeMs: this.#now(),
      lastTimeMs: 0,
    };
    const isFirst = entry.connections === 0;
    this.#entries.set(key, entry);
    return { entry: this.#touch(entry), isFirst };
  }

  /** Begins an empty record. What is open still is counted in none. */
  restart(): void {
    this.#entries.clear();
  }

  /** Takes back one attempt that was noted as let through, and was not. */
  takeBack(entry: EgressEntry): void {
    entry.connections -= 1;
  }

  /** Counts a connection's bytes from now on as an entry's. */
  follow(entry: EgressEntry, socket: Socket): void {
    let [sent, received] = [socket.bytesWritten, socket.bytesRead];
    const count = () => {
      entry.bytesSent += socket.bytesWritten - sent;
      entry.bytesReceived += socket.bytesRead - received;
      [sent, received] = [socket.bytesWritten, socket.bytesRead];
    };
    this.#followed.set(socket, count);
    socket.once("close", () => {
      count();
      this.#followed.delete(socket);
    });
  }

  /** All entries, in the order they came. */
  get entries(): readonly Readonly<EgressEntry>[] {
    for (const count of this.#followed.values()) count();
    return [...this.#entries.values()].filter(({ connections }) => connections > 0);
  }

  /** All bytes that went out and came in. */
  get bytes(): number {
    return this.entries.reduce((sum, { bytesSent, bytesReceived }) => sum + bytesSent + bytesReceived, 0);
  }

  #touch(entry: EgressEntry): EgressEntry {
    entry.connections += 1;
    entry.lastTimeMs = this.#now();
    return entry;
  }
}

function keyOf(host: string, port: number, rule: string): string {
  return `${host} ${port} ${rule}`;
}
