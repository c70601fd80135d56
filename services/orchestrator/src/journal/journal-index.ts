import { hash } from "node:crypto";
import { keepPosition, type Position } from "@clew/journal-format/position";
import type { JournalRecord, Producer } from "@clew/journal-format/record";
import { z } from "zod";

/** Every so many records one position is kept. */
const MARK_EVERY = 256;

/** What is known of a journal without reading it: its last record, some positions in it, how far each producer has come. */
export class JournalIndex {
  #tail: Position;
  #timeMs: number;
  readonly #marks: Position[];
  readonly #producers: Map<string, number>;

  constructor(start: Position) {
    this.#tail = start;
    this.#timeMs = 0;
    this.#marks = [start];
    this.#producers = new Map();
  }

  /** The position after the last record. */
  get tail(): Position {
    return this.#tail;
  }

  /** The last record's time, in milliseconds since 1970; 0 before the first. */
  get timeMs(): number {
    return this.#timeMs;
  }

  /** Takes the records that follow the tail. */
  add(records: readonly JournalRecord[]): void {
    for (const record of records) {
      if (record.sequence % MARK_EVERY === 0) this.#marks.push(keepPosition(record));
      if (record.producerSequence > 0) this.#producers.set(producerKey(record.attempt, record.producer), record.producerSequence);
    }
    const last = records.at(-1);
    if (last === undefined) return;
    this.#tail = keepPosition(last);
    this.#timeMs = last.timeMs;
  }

  /** Answers a known position at or before a sequence, at most 255 records before it. The sequence is not beyond the tail. */
  before(sequence: number): Position {
    if (sequence === this.#tail.sequence) return this.#tail;
    const mark = this.#marks[Math.floor(sequence / MARK_EVERY)];
    if (mark === undefined) throw new RangeError("The journal's index does not reach this sequence.");
    return mark;
  }

  /** Answers the producer sequence of that producer's last record of that attempt; 0 where there is none. */
  producerPosition(attempt: number, producer: Producer): number {
    return this.#producers.get(producerKey(attempt, producer)) ?? 0;
  }

  /** Writes the index as text, with a checksum on its first line. */
  format(runId: string, epoch: number): string {
    const content: IndexContent = {
      runId,
      epoch,
      timeMs: this.#timeMs,
      tail: toSaved(this.#tail),
      marks: this.#marks.map(toSaved),
      producers: [...this.#producers],
    };
    const text = JSON.stringify(content);
    return `${checksumOf(text)}\n${text}\n`;
  }

  /** Reads an index that `format` wrote for this run and epoch; undefined when it is not one, or not whole. */
  static parse(text: string, runId: string, epoch: number): JournalIndex | undefined {
    const [checksum, body] = text.split("\n");
    if (body === undefined || checksumOf(body) !== checksum) return undefined;
    const parsed = indexContent.safeParse(JSON.parse(body));
    if (!parsed.success || parsed.data.runId !== runId || parsed.data.epoch !== epoch) return undefined;
    const { tail, marks, producers, timeMs } = parsed.data;
    const [start, ...others] = marks.map(fromSaved);
    if (start === undefined) return undefined;
    const index = new JournalIndex(start);
    index.#marks.push(...others);
    index.#tail = fromSaved(tail);
    index.#timeMs = timeMs;
    for (const [key, position] of producers) index.#producers.set(key, position);
    return index;
  }
}

const savedPosition = z.tuple([z.number(), z.number(), z.number(), z.string()]);
const indexContent = z.object({
  runId: z.string(),
  epoch: z.number(),
  timeMs: z.number(),
  tail: savedPosition,
  marks: z.array(savedPosition),
  producers: z.array(z.tuple([z.string(), z.number()])),
});
type IndexContent = z.infer<typeof indexContent>;
type SavedPosition = z.infer<typeof savedPosition>;

function toSaved({ sequence, offset, nextOffset, chain }: Position): SavedPosition {
  return [sequence, offset, nextOffset, Buffer.from(chain).toString("hex")];
}

function fromSaved([sequence, offset, nextOffset, chain]: SavedPosition): Position {
  return { sequence, offset, nextOffset, chain: new Uint8Array(Buffer.from(chain, "hex")) };
}

function producerKey(attempt: number, producer: Producer): string {
  return `${attempt}/${producer}`;
}

function checksumOf(text: string): string {
  return hash("sha256", text, "hex");
}
