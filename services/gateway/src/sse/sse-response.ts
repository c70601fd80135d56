import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";
import { Fault } from "@clew/fault/fault";
import { disconnectStalled } from "../http/paced-response.ts";

/** A response that carries server-sent events, as fast as its reader takes them. */
export class SseResponse {
  readonly #response: ServerResponse;
  #hasRoom = true;
  #isClosed = false;

  /** Wraps a response whose head was sent; `onRoom` is called when it has room again. A reader who takes nothing for `stallMs` is disconnected. */
  constructor(response: ServerResponse, options: { readonly onRoom: () => void; readonly stallMs: number; readonly onStall: () => void }) {
    this.#response = response;
    response
      .on("drain", () => {
        this.#hasRoom = true;
        options.onRoom();
      })
      .on("close", () => {
        this.#isClosed = true;
      });
    disconnectStalled(response, options);
  }

  /** Whether the socket takes more: it is open, and what it has not taken yet is less than its own buffer. */
  get hasRoom(): boolean {
    return this.#hasRoom && !this.#isClosed;
  }

  /** Writes last words, where the reader is still there, and ends the response. */
  end(events?: string): void {
    if (this.#isClosed) return;
    if (events !== undefined) this.write(events);
    this.#response.end();
  }

  /** Writes whole events. What is written within one turn of the event loop goes out together. @throws Fault CANCELLED when the reader is gone. */
  write(events: string | Uint8Array): void {
    if (this.#isClosed) throw new Fault("CANCELLED");
    // Never as strings: Node's HTTP/2 may send other memory in place of strings that are written together with an empty one.
    if (!this.#response.write(typeof events === "string" ? Buffer.from(events) : events)) this.#hasRoom = false;
  }
}
