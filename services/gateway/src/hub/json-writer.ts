import { ByteWriter, type Phrase, phraseOf } from "./byte-writer.ts";

const point = 0x2e;
const endTime = phraseOf('Z"');

/** Bytes of JSON, written one after another. */
export class JsonWriter extends ByteWriter {
  /** The second that was written last: those of one run follow each other. */
  #second = Number.NaN;
  #secondPhrase: Phrase = phraseOf("");

  /** Writes a time since 1970 as protobuf does: to the second, or with 3, 6 or 9 digits. */
  time(seconds: number, nanos: number): void {
    if (seconds !== this.#second) {
      this.#secondPhrase = phraseOf(`"${new Date(seconds * 1_000).toISOString().slice(0, -5)}`);
      this.#second = seconds;
    }
    this.phrase(this.#secondPhrase);
    if (nanos !== 0) {
      this.byte(point);
      if (nanos % 1_000_000 === 0) this.decimal(nanos / 1_000_000, 3);
      else if (nanos % 1_000 === 0) this.decimal(nanos / 1_000, 6);
      else this.decimal(nanos, 9);
    }
    this.phrase(endTime);
  }
}
