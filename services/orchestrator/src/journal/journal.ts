import { Fault } from "@clew/fault/fault";
import { volumeFault } from "@clew/fault/volume-fault";
import { encodeFileHeader, FILE_HEADER_BYTES, startOf } from "@clew/journal-format/file-header";
import { keepPosition, type Position, sameChain } from "@clew/journal-format/position";
import { readRecords } from "@clew/journal-format/read-records";
import {
  CHAIN_BYTES,
  decodeRecord,
  type JournalRecord,
  MAX_BODY_BYTES,
  MAX_RECORD_BYTES,
  markerOfRun,
  type Producer,
  RECORD_OVERHEAD_BYTES,
} from "@clew/journal-format/record";
import { type ParsedPosition, ResumeTokens } from "@clew/journal-format/resume-token";
import { Tail } from "@clew/streams/tail";
import { CommitQueue } from "./commit-queue.ts";
import { type Disk, type DiskFile, nodeDisk } from "./disk.ts";
import { type Draft, encodeBatch } from "./encode-batch.ts";
import { type JournalFiles, journalFiles, replaceFile } from "./files.ts";
import { JournalIndex } from "./journal-index.ts";
import { type Recovery, recoverJournal, rewriteJournal } from "./recovery.ts";

export type { Draft, JournalRecord, Position, Recovery };

/** Where a run's journal lies, and what it works with. */
export interface JournalOptions {
  /** The run's folder; its parent is there. */
  readonly folder: string;
  readonly runId: string;
  /** Tells the time in milliseconds since 1970. */
  readonly now?: () => number;
  /** Is told of records that have become durable, in order, before any reader is. It must not throw. */
  readonly onDurable?: (records: readonly JournalRecord[]) => void;
  readonly disk?: Disk;
}

/** How much a read answers at most. */
export interface ReadLimits {
  /** In records. */
  readonly limit: number;
  /** In bytes of the file; one record is answered however long it is. */
  readonly maxBytes: number;
}

interface State {
  readonly options: JournalOptions;
  readonly files: JournalFiles;
  readonly file: DiskFile;
  readonly epoch: number;
  readonly index: JournalIndex;
  readonly sealed: boolean;
}

/**
 * The journal of one run: the one file its events are in, the only writer of it, and what all readers read.
 *
 *     append ──► queue ──► one write, one fdatasync for all that has come ──► onDurable ──► tail moves ──► append resolves
 *                                                                                             │
 *     reader:  read after a position ◄── wait until the tail is above it ◄───────────────────┘
 *
 * After a failed write or fsync nothing more is appended until `recover` has succeeded; reading goes on at the durable tail.
 * Closed by whoever opened it.
 */
export class Journal implements AsyncDisposable {
  readonly runId: string;
  readonly epoch: number;
  /** The last durable sequence, and those who wait for the next. */
  readonly tail: Tail;
  /** Writes the resume tokens of its positions. */
  readonly tokens: ResumeTokens;
  readonly #now: () => number;
  readonly #onDurable: ((records: readonly JournalRecord[]) => void) | undefined;
  readonly #disk: Disk;
  readonly #files: JournalFiles;
  readonly #marker: Uint8Array;
  /** What is durable, and nothing else. */
  readonly #index: JournalIndex;
  readonly #queue = new CommitQueue((drafts: readonly Draft[]) => this.#flush(drafts));
  readonly #reads = new Set<Promise<unknown>>();
  #file: DiskFile;
  #failure: { readonly fault: Fault; readonly handleHolds: boolean } | undefined;
  #recovering: Promise<void> | undefined;
  #sealing: Promise<void> | undefined;
  #sealed: boolean;
  /** Whether a durable record was found not to hold. */
  #damagedInside = false;
  #closing: Promise<void> | undefined;

  private constructor({ options, files, file, epoch, index, sealed }: State) {
    this.runId = options.runId;
    this.epoch = epoch;
    this.tail = new Tail(index.tail.sequence);
    this.#now = options.now ?? Date.now;
    this.#onDurable = options.onDurable;
    this.#disk = options.disk ?? nodeDisk;
    this.#files = files;
    this.#marker = markerOfRun(options.runId);
    this.tokens = new ResumeTokens(options.runId, epoch);
    this.#index = index;
    this.#file = file;
    this.#sealed = sealed;
  }

  /** Makes a run's journal. The file, the run's folder and its parent are durable before this resolves. Throws VOLUME_FULL or VOLUME_FAILED, also where there is one. */
  static async create(options: JournalOptions): Promise<Journal> {
    const { runId, disk = nodeDisk } = options;
    const files = journalFiles(options.folder);
    const header = encodeFileHeader(runId, 1);
    try {
      await disk.createFolder(files.folder);
      const file = await disk.open(files.journal, "exclusive");
      try {
        await file.write(header, 0);
        await file.datasync();
        await disk.syncFolder(files.folder);
        await disk.syncFolder(files.parent);
      } catch (error) {
        await file.close();
        throw error;
      }
      return new Journal({ options, files, file, epoch: 1, index: new JournalIndex(startOf(runId)), sealed: false });
    } catch (error) {
      throw volumeFault(error);
    }
  }

  /**
   * Opens a run's journal, mends what an interrupted write or a damage left, and makes it durable before anything is read.
   * A sealed journal is not read as a whole. Throws RUN_NOT_FOUND, JOURNAL_DAMAGED where the file is another run's, VOLUME_FULL or VOLUME_FAILED.
   */
  static async open(options: JournalOptions): Promise<{ readonly journal: Journal; readonly recovery: Recovery }> {
    const files = journalFiles(options.folder);
    try {
      const { recovery, ...state } = await recoverJournal(options.disk ?? nodeDisk, files, options.runId);
      return { journal: new Journal({ options, files, ...state }), recovery };
    } catch (error) {
      throw volumeFault(error);
    }
  }

  /** The last durable sequence. */
  get durable(): number {
    return this.#index.tail.sequence;
  }

  /** The position after the last durable record. */
  get position(): Position {
    return this.#index.tail;
  }

  /** Whether the last record has been written for good. */
  get sealed(): boolean {
    return this.#sealed;
  }

  /** Why nothing can be appended until `recover` has succeeded. */
  get failure(): Fault | undefined {
    return this.#failure?.fault;
  }

  /** Answers how far a producer's events of an attempt are durably in: the ingest position. 0 where there is none. */
  producerPosition(attempt: number, producer: Producer): number {
    return this.#index.producerPosition(attempt, producer);
  }

  /**
   * Appends records, all or none of them, with consecutive sequences; resolves once they are durable and readers may have them.
   * What is appended in one turn of the event loop, or while a flush is under way, is flushed together.
   * The queue holds what its callers wait for and nothing else. Rejects with VOLUME_FULL or VOLUME_FAILED.
   */
  append(drafts: readonly Draft[]): Promise<readonly JournalRecord[]> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    if (drafts.length === 0) return Promise.resolve([]);
    let bytes = 0;
    for (const { body } of drafts) {
      if (body.byteLength > MAX_BODY_BYTES) return Promise.reject(new RangeError(`A record's body has at most ${MAX_BODY_BYTES} bytes.`));
      bytes += RECORD_OVERHEAD_BYTES + body.byteLength;
    }
    return this.#queue.add(drafts, bytes);
  }

  #refusal(): Fault | undefined {
    if (this.#closing !== undefined) return new Fault("SHUTTING_DOWN");
    if (this.#sealed || this.#sealing !== undefined) {
      return new Fault("INTERNAL", { message: "The journal is sealed: its last record has been written." });
    }
    return this.#failure?.fault;
  }

  async #flush(drafts: readonly Draft[]): Promise<readonly JournalRecord[]> {
    let written = false;
    try {
      const { tail, timeMs } = this.#index;
      const { bytes, records } = encodeBatch(drafts, { after: tail, timeMs: Math.max(timeMs, this.#now()), marker: this.#marker });
      await this.#file.write(bytes, tail.nextOffset);
      written = true;
      await this.#file.datasync();
      this.#publish(records);
      return records;
    } catch (error) {
      const fault = volumeFault(error);
      // A write for which there was no room hurt nothing; after a failed fsync the handle proves nothing any more.
      this.#failure = { fault, handleHolds: !written && fault.reason === "VOLUME_FULL" };
      throw fault;
    }
  }

  #publish(records: readonly JournalRecord[]): void {
    this.#index.add(records);
    try {
      this.#onDurable?.(records);
    } catch (error) {
      // The records are durable whatever a listener makes of them; that it threw is a mistake in the program, for whoever watches the process.
      queueMicrotask(() => {
        throw error;
      });
    }
    this.tail.moveTo(this.durable);
  }

  /**
   * Makes a journal whose volume failed writable again: what is durable is checked and written to a new file in the old one's place.
   * What had been rejected is not in it. Throws JOURNAL_DAMAGED when the durable part does not hold, VOLUME_FULL or VOLUME_FAILED; it may then be asked again.
   */
  recover(): Promise<void> {
    this.#recovering ??= this.#recover().finally(() => {
      this.#recovering = undefined;
    });
    return this.#recovering;
  }

  async #recover(): Promise<void> {
    if (this.#closing !== undefined) throw new Fault("SHUTTING_DOWN");
    if (this.#failure === undefined) return;
    try {
      if (this.#failure.handleHolds) await this.#file.truncate(this.position.nextOffset);
      else await this.#startAnew();
    } catch (error) {
      throw volumeFault(error);
    }
    this.#failure = undefined;
  }

  async #startAnew(): Promise<void> {
    const old = this.#file;
    this.#file = await rewriteJournal(this.#disk, this.#files, { runId: this.runId, epoch: this.epoch, tail: this.position });
    await Promise.allSettled([...this.#reads]);
    await old.close();
  }

  /**
   * Reads the durable records after a position; none at the tail. Their bodies share memory with what was read.
   * Throws JOURNAL_DAMAGED where a record does not hold or does not follow the one before; the records before it are answered first.
   */
  async read(position: Position, { limit, maxBytes }: ReadLimits): Promise<readonly JournalRecord[]> {
    const { records, sound } = await this.#reading((file) =>
      readRecords(file, { after: position, end: this.position.nextOffset, marker: this.#marker, limit, maxBytes }),
    );
    if (!sound && records.length === 0) throw await this.#damaged();
    return records;
  }

  /**
   * Finds the position a reader asks for, by reading one record for a token and at most 256 for a decimal.
   * Throws EPOCH_CHANGED, DIVERGED or FUTURE with `details.earliest`: the token to read on from.
   */
  async resolve(parsed: ParsedPosition): Promise<Position> {
    switch (parsed.kind) {
      case "start":
        return startOf(this.runId);
      case "now":
        return this.position;
      case "sequence":
        if (parsed.sequence > this.durable) throw this.#outOfRange("FUTURE");
        return await this.#positionAt(parsed.sequence);
      case "token": {
        const sameEpoch = parsed.epoch === this.epoch;
        if (sameEpoch && parsed.sequence > this.durable) throw this.#outOfRange("FUTURE");
        const position = await this.#positionWith(parsed);
        if (!sameEpoch) throw this.#outOfRange("EPOCH_CHANGED", position);
        if (position === undefined) throw this.#outOfRange("DIVERGED");
        return position;
      }
    }
  }

  /** Writes the resume token of a position or a record. */
  tokenOf(position: Position): string {
    return this.tokens.format(position);
  }

  /** Closes the journal for writing, after its last record, and leaves an index beside it, so that it opens without being read. Later appends are rejected. */
  seal(): Promise<void> {
    this.#sealing ??= this.#seal().finally(() => {
      this.#sealing = undefined;
    });
    return this.#sealing;
  }

  async #seal(): Promise<void> {
    if (this.#sealed) return;
    await this.#queue.idle();
    try {
      if (this.#failure !== undefined) throw this.#failure.fault;
      if (!this.#damagedInside) await this.#writeIndex();
      this.#sealed = true;
    } catch (error) {
      throw volumeFault(error);
    }
  }

  async #writeIndex(): Promise<void> {
    const path = { temporary: this.#files.newIndex, final: this.#files.index };
    const text = Buffer.from(this.#index.format(this.runId, this.epoch));
    const file = await replaceFile(this.#disk, this.#files, path, (target) => target.write(text, 0));
    await file.close();
  }

  /** Waits for what is being appended and read, then closes the file. Those who wait for the tail are told SHUTTING_DOWN. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#queue.idle();
    this.tail.close(new Fault("SHUTTING_DOWN"));
    await Promise.allSettled([this.#sealing, this.#recovering, ...this.#reads]);
    await this.#file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // A descriptor that is closed under a read may by then be another file's; so whoever closes one waits for its reads.
  async #reading<T>(read: (file: DiskFile) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw new Fault("SHUTTING_DOWN");
    const reading = read(this.#file);
    this.#reads.add(reading);
    try {
      return await reading;
    } catch (error) {
      throw volumeFault(error);
    } finally {
      this.#reads.delete(reading);
    }
  }

  async #positionAt(sequence: number): Promise<Position> {
    let position = this.#index.before(sequence);
    while (position.sequence < sequence) {
      const records = await this.read(position, { limit: sequence - position.sequence, maxBytes: 1024 * 1024 });
      position = records.at(-1) ?? position;
    }
    return keepPosition(position);
  }

  // The token says where its record lies, and every epoch's good prefix lies at the same offsets.
  async #positionWith({
    sequence,
    chain,
    offset,
  }: {
    readonly sequence: number;
    readonly chain: Uint8Array;
    readonly offset: number;
  }): Promise<Position | undefined> {
    const start = startOf(this.runId);
    if (sequence === 0) return sameChain(chain, start.chain) && offset === start.offset ? start : undefined;
    const end = this.position.nextOffset;
    if (offset < FILE_HEADER_BYTES || offset >= end) return undefined;
    const base = offset - CHAIN_BYTES;
    const decoded = await this.#reading(async (file) => {
      const bytes = Buffer.allocUnsafe(Math.min(CHAIN_BYTES + MAX_RECORD_BYTES, end - base));
      return decodeRecord(bytes.subarray(0, await file.read(bytes, base)), CHAIN_BYTES, this.#marker, base);
    });
    if (decoded.kind !== "record" || decoded.record.sequence !== sequence || !sameChain(decoded.record.chain, chain)) return undefined;
    return keepPosition(decoded.record);
  }

  #outOfRange(reason: "EPOCH_CHANGED" | "DIVERGED" | "FUTURE", earliest: Position = startOf(this.runId)): Fault {
    return new Fault(reason, { details: { earliest: this.tokenOf(earliest) } });
  }

  // A journal with an index is opened without being read; once it is known not to hold, the next opening must look at all of it.
  async #damaged(): Promise<Fault> {
    this.#damagedInside = true;
    await this.#disk.remove(this.#files.index).catch(() => undefined);
    return new Fault("JOURNAL_DAMAGED");
  }
}
