import { markLength } from "./clock.ts";

/** Finds what readers count in the bytes they get: a text that every event has once, right before its mark. */
export class MarkCounter {
  readonly #needle: Buffer;
  #rest = Buffer.alloc(0);
  count = 0;

  constructor(needle: string) {
    this.#needle = Buffer.from(needle, "latin1");
  }

  /** Takes the next bytes of one reader; calls `onMark` with what each event says of when it was said. The bytes are not kept. */
  take(bytes: Buffer, onMark?: (saidAtMs: number) => void): void {
    const needle = this.#needle;
    const reach = needle.length + markLength;
    const chunk = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = chunk.indexOf(needle);
    let end = 0;
    while (at >= 0 && at + reach <= chunk.length) {
      this.count += 1;
      onMark?.(Number(chunk.toString("latin1", at + needle.length, at + reach)));
      end = at + reach;
      at = chunk.indexOf(needle, end);
    }
    const from = at >= 0 ? at : Math.max(end, chunk.length - needle.length + 1);
    this.#rest = from < chunk.length && chunk[chunk.length - 1] !== 10 ? Buffer.from(chunk.subarray(from)) : empty;
  }
}

const empty = Buffer.alloc(0);
