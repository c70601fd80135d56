/** What of an event the check looks at. */
export interface CheckedEvent {
  readonly sequence: number;
  readonly timeMs: number;
  /** The payload's name; undefined where there is none. */
  readonly type: string | undefined;
  /** Of `runCreated` and `runFinished`: the run they carry. */
  readonly run: { readonly id: string; readonly state: string } | undefined;
}

/** The rules a run's events obey one after another, whatever they were read from. */
export class EventCheck {
  readonly #runId: string;
  #count = 0;
  #firstMs: number | undefined;
  #lastMs: number | undefined;
  #state: string | undefined;

  constructor(runId: string) {
    this.#runId = runId;
  }

  /** How many events were taken. */
  get count(): number {
    return this.#count;
  }

  get firstTime(): string | undefined {
    return toTime(this.#firstMs);
  }

  get lastTime(): string | undefined {
    return toTime(this.#lastMs);
  }

  /** The state `runFinished` says; undefined before it. */
  get state(): string | undefined {
    return this.#state;
  }

  /** Takes the next event; answers what is wrong with it, as a sentence, or undefined. */
  take({ sequence, timeMs, type, run }: CheckedEvent): string | undefined {
    if (sequence !== this.#count + 1) return `Event ${this.#count + 1} is missing: event ${sequence} stands in its place.`;
    if (this.#state !== undefined) return "It follows runFinished, which is the last event of every run.";
    if (this.#lastMs !== undefined && timeMs < this.#lastMs) return "Its time is before that of the event before it.";
    if (type === undefined) return "It says nothing that an event can say.";
    if (sequence === 1 && (type !== "runCreated" || run?.id !== this.#runId)) return "It is not the runCreated of this run.";
    this.#count = sequence;
    this.#firstMs ??= timeMs;
    this.#lastMs = timeMs;
    if (type === "runFinished") {
      if (run?.id !== this.#runId) return "It ends another run.";
      this.#state = run.state;
    }
    return undefined;
  }
}

function toTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
