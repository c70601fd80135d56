import { Fault } from "@clew/fault/fault";
import { Producer } from "@clew/journal-format/record";
import type { Run } from "@clew/proto/grpc/clew/run/v1/run";
import { abortable } from "@clew/streams/abortable";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import type { Journal, JournalRecord } from "../journal/journal.ts";
import { type EventDraft, encodeBody, type Payload } from "../runs/event.ts";
import { limits } from "../runs/limits.ts";
import { applyEvent, type RunFold } from "../runs/run.ts";
import { decodeRecord } from "./decode-record.ts";

/** An event to be written, and who says it. */
export interface RunDraft extends EventDraft {
  readonly attempt: number;
  readonly producer?: Producer;
  /** The producer's own sequence; 0 for the orchestrator. */
  readonly producerSequence?: number;
}

/** Told of what became durable of a run, before any reader can see it: how the run stands, how it stood before, and the events between. */
export type OnChange = (fold: RunFold, before: RunFold | undefined, payloads: readonly Payload[]) => void;

/** Told why the volume did not take what was to be written of a run. */
export type OnRefused = (fault: Fault) => void;

/**
 * The journal of one run, and what its events come to. The only writer of the run.
 *
 * Decisions are made one at a time, each on all that is durable, so that no two of them can contradict each other.
 */
export class RunLog implements AsyncDisposable {
  readonly journal: Journal;
  #fold: RunFold | undefined;
  #decided: Promise<unknown> = Promise.resolve();
  readonly #onChange: OnChange;
  readonly #onRefused: OnRefused;

  constructor(journal: Journal, fold: RunFold | undefined, onChange: OnChange, onRefused: OnRefused = () => {}) {
    this.journal = journal;
    this.#fold = fold;
    this.#onChange = onChange;
    this.#onRefused = onRefused;
  }

  /** All that the durable events come to. @throws where nothing was written yet. */
  get fold(): RunFold {
    if (this.#fold === undefined) throw new Fault("RUN_NOT_FOUND");
    return this.#fold;
  }

  /** The Run as its durable events have it. */
  get run(): Run {
    return this.fold.run;
  }

  /** Takes what was durable before; nobody is told of it. Answers what it was. */
  recall(records: readonly JournalRecord[]): readonly Payload[] {
    return records.map((record) => {
      const event = decodeRecord(this.journal, record);
      this.#fold = applyEvent(this.#fold, event);
      return event.payload;
    });
  }

  /** Takes what became durable; the journal calls it before its tail moves. */
  hear(records: readonly JournalRecord[]): void {
    const before = this.#fold;
    const payloads = this.recall(records);
    if (this.#fold !== undefined) this.#onChange(this.#fold, before, payloads);
  }

  /** Whether anything of the run is durable. */
  get isBegun(): boolean {
    return this.#fold !== undefined;
  }

  /**
   * Decides what to write on what is durable, writes it, and resolves once it is durable itself. What the volume refused before
   * is not written later: the next decision is made on what is durable, once the volume takes it again.
   *
   * @param decide must not wait; it answers nothing to write nothing.
   */
  decide(decide: (fold: RunFold) => readonly RunDraft[]): Promise<void> {
    const decided = this.#decided.then(async () => {
      if (this.journal.failure !== undefined) await this.journal.recover();
      const drafts = decide(this.fold);
      if (drafts.length > 0) await this.#append(drafts);
    });
    this.#decided = decided.catch(() => {});
    return decided;
  }

  /** Writes the run's first events. */
  begin(drafts: readonly RunDraft[]): Promise<void> {
    return this.#append(drafts);
  }

  /** Resolves once the run is so; rejects when the signal aborts or the journal is closed. */
  async until(holds: (fold: RunFold) => boolean, options: { readonly signal?: AbortSignal } = {}): Promise<RunFold> {
    for (;;) {
      const seen = this.journal.tail.value;
      if (holds(this.fold)) return this.fold;
      await this.journal.tail.waitAbove(seen, options);
    }
  }

  /** Waits until the run is so, at most `ms`. @throws the signal's reason when that aborts. */
  async untilWithin(holds: (fold: RunFold) => boolean, ms: number, signal: AbortSignal): Promise<void> {
    using wait = linkSignals(signal);
    const held = this.until(holds, { signal: wait.signal });
    await Promise.race([held, delay(ms, { signal: wait.signal })]).catch(() => {});
    wait.abort();
    await held.catch(() => {});
    signal.throwIfAborted();
  }

  /** Waits until every decision made so far is durable or refused. */
  async settled(signal?: AbortSignal): Promise<void> {
    await abortable(this.#decided, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#decided;
    await this.journal[Symbol.asyncDispose]();
  }

  async #append(drafts: readonly RunDraft[]): Promise<void> {
    const encoded = drafts.map((draft) => {
      const body = encodeBody(draft);
      if (body.byteLength > limits.eventBytes)
        throw new Error(`An event ${draft.payload.$case} of ${body.byteLength} bytes was to be written.`);
      return {
        attempt: draft.attempt,
        producer: draft.producer ?? Producer.ORCHESTRATOR,
        producerSequence: draft.producerSequence ?? 0,
        body,
      };
    });
    try {
      await this.journal.append(encoded);
    } catch (error) {
      const { failure } = this.journal;
      if (failure !== undefined) this.#onRefused(failure);
      throw error;
    }
  }
}
