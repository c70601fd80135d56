/** What a check found. Only `sound` and `unfinished` hold as far as they go; only `sound` has its end. */
export type Verdict = Held | Broken;

/** All there is holds. `unfinished`: the last record is not `runFinished`, so the run goes on, or its end is lost. */
export interface Held {
  readonly kind: "sound" | "unfinished";
  readonly runId: string;
  /** How many events: their sequences are 1 to this. */
  readonly events: number;
  /** When the first and the last were written; undefined without events. */
  readonly firstTime: string | undefined;
  readonly lastTime: string | undefined;
  /** The terminal state, as `runFinished` says it. */
  readonly state: string | undefined;
  /** The token of the last event. */
  readonly resumeToken: string;
  /** What was read, and how it was checked. */
  readonly source: FileSource | GatewaySource;
}

/** A journal's file, checked record by record. */
export interface FileSource {
  readonly file: string;
  readonly sizeBytes: number;
  readonly epoch: number;
}

/** A run's events, read through a gateway in pages, each asked for with the token of the one before. */
export interface GatewaySource {
  readonly gateway: string;
  readonly pages: number;
}

/**
 * Something does not hold. `torn`: the end of an unfinished write, which nobody was ever shown. `damaged`: what had been durable was
 * changed or is gone. `wrong`: the bytes hold, but say what may not be.
 */
export interface Broken {
  readonly kind: "torn" | "damaged" | "wrong";
  readonly runId: string | undefined;
  /** The sequence that does not hold; 0 for the file's header. */
  readonly sequence: number;
  /** Where in the file it begins; undefined where no file was read. */
  readonly offset: number | undefined;
  /** What is not as it must be, as a sentence. */
  readonly message: string;
}
