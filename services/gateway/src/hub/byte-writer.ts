import { Buffer } from "node:buffer";

/** A text of ASCII that is written often, as words of four bytes. */
export interface Phrase {
  readonly length: number;
  readonly words: Int32Array;
}

const wordBytes = 4;
const zero = 0x30;

/** Makes a phrase of a text of ASCII. */
export function phraseOf(text: string): Phrase {
  const bytes = Buffer.alloc(Math.ceil(text.length / wordBytes) * wordBytes);
  bytes.write(text, "latin1");
  const words = Int32Array.from({ length: bytes.length / wordBytes }, (_, index) => bytes.readInt32LE(index * wordBytes));
  return { length: text.length, words };
}

/** Bytes written one after another, into memory that grows as it must. */
export class ByteWriter {
  /** How many were written. */
  length = 0;
  #memory: Buffer;
  #view: DataView;

  /** Begins with memory for so many bytes. */
  constructor(capacity: number) {
    this.#memory = Buffer.allocUnsafeSlow(capacity);
    this.#view = viewOf(this.#memory);
  }

  /** Sees to it that there is room for so many more bytes, and for a word that is written whole although less of it counts. */
  #reserve(bytes: number): void {
    const needed = this.length + bytes + wordBytes;
    if (needed <= this.#memory.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#memory.length));
    this.#memory.copy(grown, 0, 0, this.length);
    this.#memory = grown;
    this.#view = viewOf(grown);
  }

  /** How many bytes it has memory for. */
  get capacity(): number {
    return this.#memory.length;
  }

  /** Begins anew, in the same memory: what was written before is gone. */
  restart(): void {
    this.length = 0;
  }

  /** Writes one byte. */
  byte(value: number): void {
    this.#reserve(1);
    this.#memory[this.length++] = value;
  }

  /** Takes back the byte that was written last. */
  unwriteByte(): void {
    this.length -= 1;
  }

  /** Writes a phrase: words, since for texts so short a call out of JavaScript costs more. */
  phrase({ length, words }: Phrase): void {
    this.#reserve(length);
    const view = this.#view;
    let at = this.length;
    for (let index = 0; index < words.length; index += 1, at += wordBytes) view.setInt32(at, words[index] ?? 0, true);
    this.length += length;
  }

  /** Writes a short text of ASCII. */
  ascii(text: string): void {
    this.#reserve(text.length);
    const into = this.#memory;
    let at = this.length;
    for (let index = 0; index < text.length; index += 1) into[at++] = text.charCodeAt(index);
    this.length = at;
  }

  /** Writes a whole number that is not negative, with at least so many digits. */
  decimal(value: number, least = 1): void {
    let digits = 1;
    for (let power = 10; power <= value; power *= 10) digits += 1;
    digits = Math.max(digits, least);
    this.#reserve(digits);
    let rest = value;
    for (let at = this.length + digits - 1; at >= this.length; at -= 1) {
      const next = Math.floor(rest / 10);
      this.#memory[at] = zero + rest - next * 10;
      rest = next;
    }
    this.length += digits;
  }

  /** Writes any text. */
  text(text: string): void {
    this.#reserve(3 * text.length);
    this.length += this.#memory.write(text, this.length);
  }

  /** Copies bytes from one place of others to another, as long as JSON has all of them in a text as they are. Answers whether; where not, nothing was written. */
  plain(bytes: Buffer, view: DataView, start: number, end: number): boolean {
    this.#reserve(end - start);
    const into = this.#view;
    let [from, at] = [start, this.length];
    for (; from + wordBytes <= end; from += wordBytes, at += wordBytes) {
      const word = view.getInt32(from, true);
      if (hasOther(word)) return false;
      into.setInt32(at, word, true);
    }
    for (; from < end; from += 1, at += 1) {
      const byte = bytes[from] ?? 0;
      if (hasOther(byte | fill)) return false;
      into.setUint8(at, byte);
    }
    this.length = at;
    return true;
  }

  /** All that was written. It shares the memory, to which nothing may be written then. */
  get written(): Buffer {
    return this.#memory.subarray(0, this.length);
  }
}

const [ones, blanks, quotes, backslashes, tops] = [0x0101_0101, 0x2020_2020, 0x2222_2222, 0x5c5c_5c5c, 0x8080_8080];
/** Three blanks before a byte. */
const fill = 0x2020_2000;

/**
 * Whether one of four bytes is one that JSON writes otherwise: a control, a quote, a backslash, or none of ASCII. Each term has the top bit of a byte
 * set where it is such a one; what is borrowed from the next byte is borrowed only there (https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord).
 */
function hasOther(word: number): boolean {
  return ((word | (word - blanks) | ((word ^ quotes) - ones) | ((word ^ backslashes) - ones)) & tops) !== 0;
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
