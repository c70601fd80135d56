import type { Redact } from "@clew/playbook/redact";

/** Something that happened by itself, in words such as `an alert said 'Saved'`; what a page said is masked by whoever asks. */
export type Notice = (redact: Redact) => string;

/** The most that are told of one action; the others are counted. */
const most = 5;

/** What pages did by themselves since it was last told: dialogs, downloads, pages that were closed. */
export class Notices {
  readonly #told: Notice[] = [];
  #untold = 0;

  add(notice: Notice): void {
    if (this.#told.length < most) this.#told.push(notice);
    else this.#untold++;
  }

  /** Adds what is to be told before all others, however many there are: what a page came to by what it did. */
  addFirst(notice: Notice): void {
    this.#told.unshift(notice);
  }

  /** Takes them out, as one text; empty where there are none. */
  take(redact: Redact): string {
    const told = this.#told.splice(0).map((notice) => notice(redact));
    if (this.#untold > 0) told.push(`and ${this.#untold} more`);
    this.#untold = 0;
    return told.join("; ");
  }
}
