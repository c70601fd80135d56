import { Buffer } from "node:buffer";

/** Bytes written one after another, into memory that grows as it must. */
export class ByteWriter {
  /** How many were written. Whoever writes into the memory itself moves it on. */
  length = 0;
  #memory: Buffer;

  /** Begins with memory for so many bytes. */
  constructor(capacity: number) {
    this.#memory = Buffer.allocUnsafeSlow(capacity);
  }

  /** The memory, with room for so many more bytes; another once more is reserved. */
  reserve(bytes: number): Buffer {
    const needed = this.length + bytes;
    if (needed > this.#memory.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#memory.length));
      this.#memory.copy(grown, 0, 0, this.length);
      this.#memory = grown;
    }
    return this.#memory;
  }

  /** Writes one byte. */
  byte(value: number): void {
    this.reserve(1)[this.length++] = value;
  }

  /** Writes a text of ASCII: a loop, since for texts so short a call out of JavaScript costs more. */
  ascii(text: string): void {
    const into = this.reserve(text.length);
    let at = this.length;
    for (let index = 0; index < text.length; index += 1) into[at++] = text.charCodeAt(index);
    this.length = at;
  }

  /** Writes any text. */
  text(text: string): void {
    const into = this.reserve(3 * text.length);
    this.length += into.write(text, this.length);
  }

  /** All that was written. It shares the memory, to which nothing may be written then. */
  get written(): Buffer {
    return this.#memory.subarray(0, this.length);
  }
}
