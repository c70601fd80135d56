import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Fault } from "@clew/fault/fault";
import { disconnectStalled, disconnectTimedOut } from "../http/paced-response.ts";
import type { Gathering, TurnEnd } from "./turn-end.ts";

/** What a response is told of its reader, and how long it waits for it. */
export interface SseResponseOptions {
  /** Called when the response has room again. */
  readonly onRoom: () => void;
  /** Milliseconds a reader may take nothing while bytes wait for it; then it is disconnected, and `onStall` told. */
  readonly stallMs: number;
  readonly onStall: () => void;
  /** When what is written goes out. */
  readonly turnEnd: TurnEnd;
}

/**
 * A response that carries server-sent events, as fast as its reader takes them. Over HTTP/1 it must be written without chunks: what follows its first
 * words goes straight to its socket, since the way over the response costs much of a delivery (docs/benchmarks.md, fan-out).
 */
export class SseResponse implements Gathering {
  readonly #response: ServerResponse;
  readonly #options: SseResponseOptions;
  /** Where events go once the head is on its way; undefined where others share it, or it is not this response's turn yet. */
  readonly #socket: Socket | undefined;
  /** What is to go to the socket at the end of this turn: mostly one thing. */
  #gathered: Uint8Array | undefined;
  readonly #gatheredAfter: Uint8Array[] = [];
  #gatheredBytes = 0;
  #hasBegun = false;
  #hasRoom = true;
  #isClosed = false;
  /**
   * Whether its socket counts the time in which its reader takes nothing. It does from when bytes are left waiting to the first write that leaves none,
   * since each write would start it over; that it may be over where nothing waits does no harm.
   */
  #isTimed = false;

  /** Wraps a response whose head was sent. */
  constructor(response: ServerResponse, options: SseResponseOptions) {
    this.#response = response;
    this.#options = options;
    this.#socket = (response.req.httpVersionMajor < 2 ? response.socket : undefined) ?? undefined;
    (this.#socket ?? response).on("drain", () => this.#makeRoom());
    response.on("close", () => {
      this.#isClosed = true;
    });
    if (this.#socket === undefined) disconnectStalled(response, options);
    else disconnectTimedOut(response, options.onStall);
  }

  /** Whether it takes more: its reader is there, and what it has not taken yet is less than its socket's own buffer. */
  get hasRoom(): boolean {
    return this.#hasRoom && !this.#isClosed;
  }

  /** Writes last words, where the reader is still there, and ends the response. */
  end(events?: string): void {
    if (this.#isClosed) return;
    if (events !== undefined) this.write(events);
    this.flush();
    this.#response.end();
  }

  /** Writes whole events. What is written within one turn of the event loop goes out together. @throws Fault CANCELLED when the reader is gone. */
  write(events: string | Uint8Array): void {
    if (this.#isClosed) throw new Fault("CANCELLED");
    // Never as strings: Node's HTTP/2 may send other memory in place of strings that are written together with an empty one.
    const bytes = typeof events === "string" ? Buffer.from(events) : events;
    if (this.#socket === undefined || !this.#hasBegun) {
      this.#hasBegun = true;
      if (!this.#response.write(bytes)) this.#hasRoom = false;
      return;
    }
    this.#gatheredBytes += bytes.byteLength;
    if (this.#socket.writableLength + this.#gatheredBytes >= this.#socket.writableHighWaterMark) this.#hasRoom = false;
    if (this.#gathered !== undefined) return void this.#gatheredAfter.push(bytes);
    this.#gathered = bytes;
    this.#options.turnEnd.flush(this);
  }

  /** Hands what was gathered to the socket. */
  flush(): void {
    const socket = this.#socket;
    const gathered = this.#gathered;
    if (socket === undefined || gathered === undefined) return;
    this.#gathered = undefined;
    this.#gatheredBytes = 0;
    // Its reader left, and the word of it is still on its way.
    if (!socket.writable) this.#isClosed = true;
    if (this.#isClosed) return;
    const isMany = this.#gatheredAfter.length > 0;
    if (isMany) socket.cork();
    socket.write(gathered);
    if (isMany) for (const bytes of this.#gatheredAfter.splice(0)) socket.write(bytes);
    if (isMany) socket.uncork();
    const waits = socket.writableLength > 0;
    if (waits !== this.#isTimed) socket.setTimeout(waits ? this.#options.stallMs : 0);
    this.#isTimed = waits;
    if (socket.writableNeedDrain) this.#hasRoom = false;
    else if (!this.#hasRoom) this.#makeRoom();
  }

  #makeRoom(): void {
    this.#hasRoom = true;
    this.#options.onRoom();
  }
}
