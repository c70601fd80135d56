import { EventEmitter } from "node:events";
import type { Connection } from "./network.ts";
import type { Scheduled, World } from "./world.ts";

/** The reader's end of an answer. */
export interface ResponseReader {
  head(status: number, headers: Readonly<Record<string, string>>): void;
  bytes(piece: Uint8Array): void;
  end(): void;
  /** The answer is not whole, and the reader can see it. */
  broken(): void;
}

/** How many bytes may be under way to a reader, and how many more may wait before whoever writes is asked to. Small, so that a small history has slow readers. */
const windowBytes = 2_048;
const highWaterMark = 1_024;

/** What Node's ServerResponse and its socket are to Clew: bytes to a reader at the reader's pace. */
export class SimulatedResponse extends EventEmitter {
  readonly req = { httpVersionMajor: 1 };
  readonly writableHighWaterMark = highWaterMark;
  destroyed = false;
  readonly #world: World;
  readonly #connection: Connection;
  readonly #reader: ResponseReader;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #underWay = 0;
  #needsDrain = false;
  #ending = false;
  #idle: { readonly ms: number; timer: Scheduled } | undefined;

  constructor(world: World, connection: Connection, reader: ResponseReader) {
    super();
    this.#world = world;
    this.#connection = connection;
    this.#reader = reader;
    connection.onBroken("server", () => this.#close());
  }

  /** Bytes that were written and have not left this process. */
  get writableLength(): number {
    return this.#waitingBytes;
  }

  /** It has the connection for itself. */
  get socket(): this {
    return this;
  }

  get writable(): boolean {
    return !this.destroyed && !this.#ending;
  }

  get writableNeedDrain(): boolean {
    return this.#needsDrain;
  }

  cork(): void {}

  uncork(): void {}

  setHeader(): void {}

  writeHead(status: number, headers: Readonly<Record<string, string>>): void {
    this.#connection.send("client", () => this.#reader.head(status, headers));
  }

  /** Says `timeout` whenever nothing has moved for so long; never for 0. */
  setTimeout(ms: number): this {
    if (this.#idle !== undefined) this.#idle.timer.pending = false;
    this.#idle = undefined;
    if (ms > 0) this.#idle = { ms, timer: this.#world.after(ms, this.#world.current, () => this.emit("timeout")) };
    return this;
  }

  write(content: string | Uint8Array): boolean {
    if (this.destroyed || this.#ending) return false;
    const bytes = Buffer.from(content as Uint8Array);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#flush();
    this.#needsDrain ||= this.#waitingBytes >= highWaterMark;
    return this.#waitingBytes < highWaterMark;
  }

  end(content?: string): void {
    if (this.destroyed || this.#ending) return;
    if (content !== undefined) this.write(content);
    this.#ending = true;
    this.#flush();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.#connection.send("client", () => this.#reader.broken());
    this.#close();
  }

  /** The reader has taken bytes. */
  taken(bytes: number): void {
    this.#underWay -= bytes;
    this.#moved();
    this.#flush();
    if (this.#needsDrain && this.#waitingBytes === 0 && !this.destroyed) {
      this.#needsDrain = false;
      this.emit("drain");
    }
  }

  /** The reader has left. */
  left(): void {
    this.#close();
  }

  #flush(): void {
    while (this.#underWay < windowBytes) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      const { random } = this.#world;
      const most = Math.min(next.length, windowBytes - this.#underWay);
      // As a network does, in pieces that end anywhere.
      const end = random.chance(0.8) ? most : random.whole(1, Math.max(1, most));
      const piece = next.subarray(0, end);
      if (end < next.length) this.#waiting.unshift(next.subarray(end));
      this.#underWay += piece.length;
      this.#waitingBytes -= piece.length;
      this.#moved();
      if (piece.length > 0) this.#connection.send("client", () => this.#reader.bytes(piece));
    }
    if (!this.#ending || this.#waiting.length > 0 || this.destroyed) return;
    this.#connection.send("client", () => this.#reader.end());
    this.#world.after(0, this.#world.current, () => this.#close());
  }

  #moved(): void {
    const idle = this.#idle;
    if (idle === undefined) return;
    idle.timer.pending = false;
    idle.timer = this.#world.after(idle.ms, idle.timer.owner, () => this.emit("timeout"));
  }

  #close(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    if (this.#idle !== undefined) this.#idle.timer.pending = false;
    this.emit("close");
  }
}
